/**
 * Creating and changing VirtualMachines. What is wanted is worked out from the object as clients see it, admitted by the
 * rules for files, and written into the file; the answer shows it in force.
 */
import { declaredAfter, declaredNew } from '../core/manifest/declared.ts';
import { editDocument } from '../core/manifest/edit-document.ts';
import { isJsonObject } from '../core/manifest/same-json.ts';
import { DEFAULT_NAMESPACE } from '../core/manifest/sections/metadata.ts';
import { writeManifest } from '../core/manifest/write-yaml.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import { jsonPatch } from '../core/patch/json-patch.ts';
import { mergePatch } from '../core/patch/merge-patch.ts';
import { PatchError } from '../core/patch/patch-error.ts';
import { Refusal } from '../supervisor/refusal.ts';
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Written } from '../supervisor/vm-write.ts';
import { admitVm } from './admission.ts';
import { generatedName } from './generated-name.ts';
import { identityOf } from './handle-reads.ts';
import { renderVm } from './render-vm.ts';
import { ApiError, type ApiRequest, type JsonReply, type Reply } from './reply.ts';
import { type SentObject, sentPatch, sentVm } from './write-body.ts';
import { type WriteOptions, writeOptions } from './write-options.ts';

/** How often another name is made up when the one before is taken, as in Kubernetes. */
const NAME_TRIES = 8;

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';

/** The object as the version of the path shows it. */
export function shownAs(
  { version }: Pick<ApiRequest, 'version'>,
  snapshot: VmSnapshot,
): JsonObject {
  return asObject({ ...renderVm(snapshot), apiVersion: `kubevirt.io/${version}` });
}

export async function postVm(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const options = writeOptions(request);
  const sent = sentVm(request);
  const { name, generateName } = asObject(sent.object['metadata']);
  const chosen = typeof name === 'string' && name !== '' ? name : undefined;
  const prefix = typeof generateName === 'string' ? generateName : '';
  if (chosen === undefined && prefix === '')
    throw new ApiError('metadata.name: Required value: name or generateName is required', {
      code: 422,
      details: {
        group: 'kubevirt.io',
        kind: 'VirtualMachine',
        causes: [
          {
            reason: 'FieldValueRequired',
            message: 'Required value: name or generateName is required',
            field: 'metadata.name',
          },
        ],
      },
    });
  if (chosen !== undefined) return await create(supervisor, request, sent, chosen, options);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await create(supervisor, request, sent, generatedName(prefix), options);
    } catch (error) {
      const isTaken = error instanceof Refusal && error.kind === 'already-exists';
      if (!isTaken || attempt === NAME_TRIES) throw error;
    }
  }
}

async function create(
  supervisor: Supervisor,
  request: ApiRequest,
  sent: SentObject,
  name: string,
  { dryRun, fieldValidation }: WriteOptions,
): Promise<Reply> {
  const namespace = namespaceOf(request, sent.object);
  const id = { namespace, name };
  const declared = declaredNew(sent.object);
  const metadata = asObject(declared['metadata']);
  const inNamespace = namespace === DEFAULT_NAMESPACE ? {} : { namespace };
  const object = { ...declared, metadata: { ...metadata, ...inNamespace, name } };
  const admitted = admitVm(object, id, request.version, fieldValidation, sent.duplicates);
  const written = await supervisor.requests.create(id, textOf(sent, admitted.object), dryRun);
  return reply(request, written, admitted.warnings, 201);
}

/** YAML keeps its comments. */
function textOf({ yaml }: SentObject, object: JsonObject): string {
  const edit = yaml === undefined ? undefined : editDocument(yaml, 0, object);
  return edit?.ok === true ? edit.text : writeManifest(object);
}

function namespaceOf({ params }: ApiRequest, object: JsonObject): string {
  const namespace = params['namespace'] ?? DEFAULT_NAMESPACE;
  const own = asObject(object['metadata'])['namespace'] ?? '';
  if (own === '' || own === namespace) return namespace;
  throw new ApiError(
    'the namespace of the provided object does not match the namespace sent on the request',
    { code: 400 },
  );
}

export async function putVm(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const sent = sentVm(request);
  return await update(supervisor, request, () => sent.object, sent.duplicates);
}

export async function patchVm(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const apply = patcher(request.contentType);
  const patch = sentPatch(request);
  return await update(supervisor, request, (shown) => patched(() => apply(shown, patch)), []);
}

function patcher(contentType: string): (target: JsonObject, patch: Json) => Json {
  switch (contentType) {
    case JSON_PATCH:
      return jsonPatch;
    case MERGE_PATCH:
      return (target, patch) => {
        if (isJsonObject(patch)) return mergePatch(target, patch);
        throw new PatchError('malformed', 'a merge patch is a JSON object');
      };
    case 'application/apply-patch+yaml':
      throw unsupported(
        'server-side apply is not supported, because VM files have no field managers; use kubectl apply without --server-side',
      );
    default:
      throw unsupported(
        `the body of the request was in an unknown format - accepted media types include: ${JSON_PATCH}, ${MERGE_PATCH}`,
      );
  }
}

function unsupported(message: string): ApiError {
  return new ApiError(message, { code: 415 });
}

function patched(apply: () => Json): JsonObject {
  try {
    const result = apply();
    if (isJsonObject(result)) return result;
    throw new PatchError('failed', 'the patch leaves no object');
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.kind === 'malformed') throw new ApiError(error.message, { code: 400, cause: error });
    throw new ApiError(
      `the server rejected our request due to an error in our request: ${error.message}`,
      { code: 422, cause: error },
    );
  }
}

/** @param wanted makes the object that the client wants from the one that it sees */
async function update(
  supervisor: Supervisor,
  request: ApiRequest,
  wanted: (shown: JsonObject) => JsonObject,
  duplicates: readonly string[],
): Promise<Reply> {
  const { dryRun, fieldValidation } = writeOptions(request);
  const id = identityOf(request);
  let warnings: readonly string[] = [];
  const manifest = (snapshot: VmSnapshot, vm: VirtualMachine): JsonObject => {
    const object = wanted(shownAs(request, snapshot));
    expectSame(request, object, snapshot);
    const declared = declaredAfter(object, vm.manifest);
    const admitted = admitVm(declared, id, request.version, fieldValidation, duplicates);
    warnings = admitted.warnings;
    return admitted.object;
  };
  return reply(request, await supervisor.requests.update(id, manifest, dryRun), warnings, 200);
}

/** The client means this very object, as it is now. @throws ApiError 400, 409 */
function expectSame(request: ApiRequest, object: JsonObject, snapshot: VmSnapshot): void {
  const { name, uid, resourceVersion } = asObject(object['metadata']);
  const id = identityOf(request);
  namespaceOf(request, object);
  if (name !== id.name)
    throw new ApiError(
      `the name of the object (${String(name ?? '').slice(0, 80)}) does not match the name on the URL (${id.name})`,
      { code: 400 },
    );
  const { apiVersion, kind } = object;
  if (apiVersion !== `kubevirt.io/${request.version}` || kind !== 'VirtualMachine')
    throw new ApiError(
      `apiVersion and kind cannot be changed; expected kubevirt.io/${request.version} VirtualMachine`,
      { code: 400 },
    );
  expectUnchanged(id, { uid, resourceVersion }, snapshot.uid, snapshot.resourceVersion);
}

/**
 * Optimistic concurrency, in Kubernetes' words (`storage.Preconditions`, `registry.Store.Update`). What is absent is no
 * condition.
 * @throws ApiError 409
 */
export function expectUnchanged(
  { name }: VmIdentity,
  expected: { readonly uid?: unknown; readonly resourceVersion?: unknown },
  uid: string,
  resourceVersion: number,
  resource = 'virtualmachines',
): void {
  const refuse = (why: string): never => {
    const message = `Operation cannot be fulfilled on ${resource}.kubevirt.io "${name}": ${why}`;
    throw new ApiError(message, {
      code: 409,
      details: { name, group: 'kubevirt.io', kind: resource },
    });
  };
  if (isGiven(expected.uid) && expected.uid !== uid)
    refuse(
      `Precondition failed: UID in precondition: ${String(expected.uid)}, UID in object meta: ${uid}`,
    );
  if (isGiven(expected.resourceVersion) && expected.resourceVersion !== String(resourceVersion))
    refuse(
      'the object has been modified; please apply your changes to the latest version and try again',
    );
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function reply(
  request: ApiRequest,
  { snapshot }: Written,
  warnings: readonly string[],
  code: number,
): JsonReply {
  return { kind: 'json', code, body: shownAs(request, snapshot), warnings };
}
