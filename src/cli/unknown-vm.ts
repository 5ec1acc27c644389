/**
 * What to say when a VM does not exist: the name that was probably meant.
 */

import type { VmObject } from '../api/contract.ts';
import { type Client, getVm, listVms } from '../client/client.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { ApiError, CliError } from './errors.ts';
import { identityOf } from './format/vm-words.ts';
import { displayName } from './names.ts';

/** HTTP 404 Not Found. */
const NOT_FOUND = 404;

export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status.code === NOT_FOUND;
}

/** The VM. @throws CliError with a suggestion when there is none of that name */
export async function getKnownVm(client: Client, vm: VmIdentity): Promise<VmObject> {
  try {
    return await getVm(client, vm);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw await unknownVm(client, vm, error);
  }
}

async function unknownVm(client: Client, vm: VmIdentity, cause: ApiError): Promise<CliError> {
  const { items } = await listVms(client, undefined);
  const suggestion = await suggest(vm, items.map(identityOf));
  return new CliError(`there is no VM ${vm.name} in namespace ${vm.namespace}`, {
    hint:
      suggestion === undefined
        ? '`solovirt list -A` shows all VMs.'
        : `Did you mean ${displayName(suggestion)}?`,
    cause,
  });
}

/** The same name in another namespace, else the most similar name of the same one. */
export async function suggest(
  vm: VmIdentity,
  known: readonly VmIdentity[],
): Promise<VmIdentity | undefined> {
  const elsewhere = known.find(({ name }) => name === vm.name);
  if (elsewhere !== undefined) return elsewhere;
  const { closestMatch } = await import('leven');
  const here = known.filter(({ namespace }) => namespace === vm.namespace);
  const maxDistance = Math.max(1, Math.floor(vm.name.length / 2));
  const found = closestMatch(
    vm.name,
    here.map(({ name }) => name),
    { maxDistance },
  );
  return here.find(({ name }) => name === found);
}
