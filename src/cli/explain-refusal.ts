/** What the daemon refused, and what to do about it, told from the state the VM is in. */
import type { Client } from '../client/client.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { type ApiError, type CliError, withHint } from './errors.ts';
import { type Refused, refusalHint } from './hints.ts';
import { displayName } from './names.ts';
import { getKnownVm } from './unknown-vm.ts';

/**
 * An instance that is not found may belong to a VM that is down, or to no VM at all: two different answers.
 * @throws CliError when there is no such VM, and what asking for it throws
 */
export async function explainRefusal(
  client: Client,
  vm: VmIdentity,
  what: Refused,
  error: ApiError,
): Promise<CliError> {
  const found = await getKnownVm(client, vm);
  return withHint(error, displayName(vm), refusalHint(what, found, error.message));
}
