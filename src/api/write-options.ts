/**
 * The options of requests that change objects: Kubernetes' query parameters and `DeleteOptions` (`metav1`).
 */
import { asObject } from '../core/model/json.ts';
import { ApiError, type ApiRequest } from './reply.ts';

/** What becomes of fields that are unknown or stand twice. `metav1.FieldValidation…` */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

export interface DeleteOptions {
  readonly dryRun: boolean;
  /** Seconds; absent: the VM's own. */
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** @throws ApiError 400 */
export function writeOptions({ query }: Pick<ApiRequest, 'query'>): WriteOptions {
  const found = query.get('fieldValidation') ?? '';
  const fieldValidation = (['Strict', 'Warn', 'Ignore'] as const).find((word) => word === found);
  if (found !== '' && fieldValidation === undefined)
    throw bad(`fieldValidation must be Strict, Warn or Ignore, not ${show(found)}`);
  return { dryRun: dryRunOf(query.getAll('dryRun')), fieldValidation: fieldValidation ?? 'Warn' };
}

/** Those of the body count where both say something. @throws ApiError 400, 422 */
export function deleteOptions({ query, body }: ApiRequest): DeleteOptions {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw bad(`the body must be DeleteOptions, not ${show(body)}`);
  const fields = asObject(body);
  const dryRun = fields['dryRun'] ?? query.getAll('dryRun');
  const grace = fields['gracePeriodSeconds'] ?? numberIn(query, 'gracePeriodSeconds');
  const policy = fields['propagationPolicy'] ?? query.get('propagationPolicy');
  const orphan = fields['orphanDependents'] ?? query.get('orphanDependents') === 'true';
  refusePolicy(policy, orphan);
  const { uid, resourceVersion } = asObject(fields['preconditions']);
  return {
    dryRun: dryRunOf(dryRun),
    ...(grace === null || grace === undefined ? {} : { gracePeriodSeconds: seconds(grace) }),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

function refusePolicy(policy: unknown, orphan: unknown): void {
  if (policy === 'Orphan' || orphan === true)
    throw new ApiError(
      "propagationPolicy Orphan is not supported: a guest without its VirtualMachine would be nobody's; use Foreground or Background",
      { code: 422 },
    );
  const known = [null, undefined, '', 'Foreground', 'Background'];
  if (!known.includes(policy as string))
    throw bad(`propagationPolicy must be Foreground or Background, not ${show(policy)}`);
}

function numberIn(query: URLSearchParams, name: string): unknown {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

function seconds(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw bad(`gracePeriodSeconds must be a whole number of seconds from 0, not ${show(value)}`);
}

function dryRunOf(value: unknown): boolean {
  if (!Array.isArray(value) || value.some((word) => word !== 'All'))
    throw bad(`dryRun must be All or absent, not ${show(value)}`);
  return value.length > 0;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
}

function bad(message: string): ApiError {
  return new ApiError(message, { code: 400 });
}
