/** DELETE of VirtualMachines and their instances, one or those that a selector finds. */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { instanceFacts, type VmSnapshot } from '../supervisor/snapshot.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { InstanceObject } from './contract.ts';
import { identityOf, lookUp } from './handle-reads.ts';
import { expectUnchanged, shownAs } from './handle-writes.ts';
import { renderInstance } from './render-instance.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import { type DeleteOptions, deleteOptions } from './write-options.ts';

/** 200 with the VM while its guest stops, or with a `Status` once it is gone. */
export async function deleteVm(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const id = identityOf(request);
  refuseFile(supervisor, id);
  const options = deleteOptions(request);
  let uid = '';
  const left = await supervisor.requests.delete(id, {
    ...options,
    check: (snapshot) => {
      uid = snapshot.uid;
      expectUnchanged(id, options, snapshot.uid, snapshot.resourceVersion);
    },
  });
  return json(left === undefined ? gone(id, uid) : shownAs(request, left));
}

/** A file that declares no VM is listed under its own name, but it is not for clients to delete. */
function refuseFile(supervisor: Supervisor, { namespace, name }: VmIdentity): void {
  const { board } = supervisor;
  if (board.get(`${namespace}/${name}`) !== undefined) return;
  const file = board.all().find((s) => s.key.startsWith('file:') && s.name === name);
  if (file === undefined || namespace !== file.namespace) return;
  throw new ApiError(
    `${file.file ?? name} is a file that declares no valid VM of its own; correct or remove it`,
    { code: 409 },
  );
}

/** @param list answers a list of the same path, selectors and all */
export async function deleteVms(
  supervisor: Supervisor,
  request: ApiRequest,
  list: (request: ApiRequest) => Reply | Promise<Reply>,
): Promise<Reply> {
  const options = deleteOptions(request);
  const { watch: _, ...query } = Object.fromEntries(request.query);
  const found = await list({ ...request, method: 'GET', query: new URLSearchParams(query) });
  if (found.kind !== 'json')
    throw new ApiError('a collection cannot be watched here', { code: 400 });
  const { items } = found.body as { readonly items: readonly { metadata: VmIdentity }[] };
  for (const { metadata } of items) await deleteListed(supervisor, metadata, options);
  return found;
}

async function deleteListed(
  supervisor: Supervisor,
  { namespace, name }: VmIdentity,
  options: DeleteOptions,
): Promise<void> {
  // Files that declare no VM are listed as well.
  if (supervisor.board.get(`${namespace}/${name}`) === undefined) return;
  await supervisor.requests.delete({ namespace, name }, { ...options, check: () => undefined });
}

/** Stops the instance; its run strategy decides what comes next. */
export async function deleteInstance(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const id = identityOf(request);
  const shown = shownInstance(supervisor, request);
  if (shown === undefined)
    throw new ApiError(`virtualmachineinstances.kubevirt.io "${id.name}" not found`, { code: 404 });
  const options = deleteOptions(request);
  await supervisor.requests.deleteInstance(id, {
    ...options,
    check: (snapshot) => checkInstance(id, options, snapshot),
  });
  if (options.dryRun) return json(shown);
  const kind = 'virtualmachineinstances';
  return json(shownInstance(supervisor, request) ?? gone(id, shown.metadata.uid, kind));
}

function shownInstance(supervisor: Supervisor, request: ApiRequest): InstanceObject | undefined {
  const snapshot = lookUp(supervisor, request);
  const object = snapshot && renderInstance(snapshot);
  // Both versions are of one shape.
  return object && { ...object, apiVersion: `kubevirt.io/${request.version}` as 'kubevirt.io/v1' };
}

function checkInstance(id: VmIdentity, options: DeleteOptions, snapshot: VmSnapshot): void {
  const facts = instanceFacts(snapshot);
  if (facts?.kind !== 'live')
    throw new ApiError(
      `VMI ${id.name} has ended; it is shown until the next start, or until its VirtualMachine is deleted`,
      { code: 409 },
    );
  const { uid } = facts.instance;
  expectUnchanged(id, options, uid, snapshot.instanceVersion, 'virtualmachineinstances');
}

function gone({ name }: VmIdentity, uid: string, kind = 'virtualmachines'): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, group: 'kubevirt.io', kind, ...(uid === '' ? {} : { uid }) },
  };
}
