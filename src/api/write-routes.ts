/** Paths that create, change and delete objects, and those that say why they do not. */
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { VmObject } from './contract.ts';
import { lookUp } from './handle-reads.ts';
import { patchVm, postVm, putVm } from './handle-writes.ts';
import { deleteInstance, deleteVm, deleteVms } from './handle-writes-delete.ts';
import { getManifest, putManifest } from './handle-writes-text.ts';
import { presenterOf } from './present.ts';
import { renderVm } from './render-vm.ts';
import { ApiError, type ApiRequest } from './reply.ts';
import type { Route } from './route.ts';
import { servedVms } from './served-vms.ts';

const SCOPE = '/apis/kubevirt.io/v1/namespaces/:namespace';

/** @param now Unix ms */
export function writeRoutes(supervisor: Supervisor, now: () => number): readonly Route[] {
  const vms = `${SCOPE}/virtualmachines`;
  const instances = `${SCOPE}/virtualmachineinstances`;
  const { get, listOrWatch } = presenterOf(servedVms(supervisor.board, renderVm), now);
  const vm = `${vms}/:name`;
  const instance = `${instances}/:name`;
  return [
    { method: 'POST', path: vms, handle: (request) => postVm(supervisor, request) },
    { method: 'PUT', path: vm, handle: (request) => putVm(supervisor, request) },
    { method: 'PATCH', path: vm, handle: (request) => patchVm(supervisor, request) },
    { method: 'DELETE', path: vm, handle: (request) => deleteVm(supervisor, request) },
    {
      method: 'DELETE',
      path: vms,
      handle: (request) => deleteVms(supervisor, request, listOrWatch),
    },
    {
      method: 'GET',
      path: `${vm}/status`,
      handle: (request) => get(request, seenVm(supervisor, request)),
      readonly: true,
    },
    { method: 'PUT', path: `${vm}/status`, handle: refuseStatus, refusal: true },
    { method: 'PATCH', path: `${vm}/status`, handle: refuseStatus, refusal: true },
    {
      method: 'GET',
      path: `${vm}/manifest`,
      handle: (request) => getManifest(supervisor, request),
    },
    {
      method: 'PUT',
      path: `${vm}/manifest`,
      handle: (request) => putManifest(supervisor, request),
    },
    { method: 'DELETE', path: instance, handle: (request) => deleteInstance(supervisor, request) },
    { method: 'POST', path: instances, handle: refuseInstance, refusal: true },
    { method: 'PUT', path: instance, handle: refuseInstance, refusal: true },
    { method: 'PATCH', path: instance, handle: refuseInstance, refusal: true },
  ];
}

function seenVm(supervisor: Supervisor, request: ApiRequest): VmObject | undefined {
  const snapshot = lookUp(supervisor, request);
  return snapshot && renderVm(snapshot);
}

function refuseStatus(): never {
  throw new ApiError('the status is what solovirt found out; it cannot be written', { code: 405 });
}

function refuseInstance(): never {
  throw new ApiError(
    'an instance is made from its VirtualMachine: create or change that; a VirtualMachine with runStrategy Once runs one time',
    { code: 405 },
  );
}
