/**
 * Admission of a VirtualMachine, as KubeVirt's webhook and the API server's field validation answer: the rules are those
 * for files (`core/manifest`), the codes and bodies theirs.
 */
import { admit } from '../core/manifest/admit.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { Problem } from '../core/model/problem.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import type { StatusObject } from './contract-meta.ts';
import { ApiError } from './reply.ts';
import type { FieldValidation } from './write-options.ts';

export interface Admitted {
  readonly object: JsonObject;
  readonly vm: VirtualMachine;
  /** Texts of `Warning` headers. */
  readonly warnings: readonly string[];
}

/**
 * @param duplicates paths of fields that stood twice in the body
 * @throws ApiError 400 for unknown or double fields under Strict, 422 for what is invalid
 */
export function admitVm(
  object: JsonObject,
  id: VmIdentity,
  version: string,
  fieldValidation: FieldValidation,
  duplicates: readonly string[] = [],
): Admitted {
  const admission = admit(object, fieldValidation !== 'Strict');
  const unknown = admission.ok ? admission.dropped : admission.unknown;
  const strict = [
    ...unknown.map((path) => `unknown field "${path}"`),
    ...duplicates.map((path) => `duplicate field "${path}"`),
  ];
  if (fieldValidation === 'Strict' && strict.length > 0)
    throw new ApiError(
      `VirtualMachine in version "${version}" cannot be handled as a VirtualMachine: strict decoding error: ${strict.join(', ')}`,
      { code: 400 },
    );
  if (!admission.ok) throw invalid(id, admission.problems);
  return {
    object: admission.object,
    vm: admission.vm,
    warnings: [...(fieldValidation === 'Warn' ? strict : []), ...admission.warnings.map(asWarning)],
  };
}

export function asWarning({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}

const WEBHOOK = 'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: ';

/** KubeVirt's answer to a VM that its webhook refuses (`pkg/util/webhooks`, `ToAdmissionResponse`). */
export function invalid({ name }: VmIdentity, problems: readonly Problem[]): ApiError {
  const causes = problems.map(asCause);
  const message = `${WEBHOOK}${problems.map((problem) => problem.message).join(', ')}`;
  const details = { name, group: 'kubevirt.io', kind: 'VirtualMachine', causes };
  return new ApiError(message, { code: 422, details });
}

type Cause = NonNullable<NonNullable<StatusObject['details']>['causes']>[number];

function asCause({ code, path, message }: Problem): Cause {
  return { reason: reasonOf(code, path), message, field: path };
}

/** `metav1.CauseType`. KubeVirt takes a missing run strategy for an invalid value. */
function reasonOf(code: string, path: string): string {
  if (code === 'required' && path !== 'spec.running') return 'FieldValueRequired';
  const unsupported = ['unsupported-field', 'unsupported-kind', 'unsupported-value'];
  if (unsupported.includes(code)) return 'FieldValueNotSupported';
  return code === 'duplicate-name' ? 'FieldValueDuplicate' : 'FieldValueInvalid';
}
