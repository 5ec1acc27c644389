/**
 * `solovirt freeze` and `solovirt unfreeze`: one PUT on the running instance, answered when the guest has done it.
 */
import { type FreezeOptions, guestPath } from '../../api/contract-guest.ts';
import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { ApiError, ReportedError } from '../errors.ts';
import { explainRefusal } from '../explain-refusal.ts';
import { forEachVm } from '../for-each-vm.ts';
import { displayName } from '../names.ts';

/** @throws ReportedError when it failed for any VM */
export async function freeze(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  { unfreezeTimeout, dryRun }: { readonly unfreezeTimeout: number; readonly dryRun?: true },
): Promise<void> {
  const body: FreezeOptions = {
    unfreezeTimeout: `${unfreezeTimeout}ms`,
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
  const itself =
    unfreezeTimeout === 0 ? '' : `, or it thaws by itself in ${unfreezeTimeout / 1000} s`;
  await each(context, client, vms, { verb: 'freeze', body }, (name) =>
    dryRun
      ? `Dry run: VMI ${name} would be frozen`
      : `VMI ${name} is frozen: \`solovirt unfreeze ${name}\` thaws it${itself}`,
  );
}

/** @throws ReportedError when it failed for any VM */
export async function unfreeze(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  { dryRun }: { readonly dryRun?: true },
): Promise<void> {
  const body = dryRun ? { dryRun: ['All'] } : {};
  await each(context, client, vms, { verb: 'unfreeze', body }, (name) =>
    dryRun ? `Dry run: VMI ${name} would be thawed` : `VMI ${name} is thawed`,
  );
}

async function each(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  { verb, body }: { readonly verb: 'freeze' | 'unfreeze'; readonly body: object },
  words: (name: string) => string,
): Promise<void> {
  const attempt = async (vm: VmIdentity): Promise<string> => {
    try {
      await client.put(guestPath(vm.namespace, vm.name, verb), body);
      return displayName(vm);
    } catch (error) {
      throw error instanceof ApiError ? await explainRefusal(client, vm, 'reach', error) : error;
    }
  };
  const { anyFailed } = await forEachVm(context, vms, attempt, words);
  if (anyFailed) throw new ReportedError();
}
