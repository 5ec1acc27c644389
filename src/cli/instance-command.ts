/**
 * pause, unpause, reset and soft reboot: one PUT on the running instance.
 */
import type { InstanceOptions, InstanceVerb } from '../api/contract-options.ts';
import { instanceSubresourcePath } from '../api/contract-paths.ts';
import type { Client } from '../client/client.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { CliContext } from './context.ts';
import { ApiError, ReportedError } from './errors.ts';
import { explainRefusal } from './explain-refusal.ts';
import { forEachVm } from './for-each-vm.ts';
import { displayName } from './names.ts';

export interface InstanceFlags {
  readonly dryRun?: true;
}

interface InstanceCommand {
  readonly verb: InstanceVerb;
  /** As the user types it. */
  readonly typed: string;
}

/** @throws ReportedError when it failed for any VM */
export async function runInstanceCommand(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  { verb, typed }: InstanceCommand,
  { dryRun }: InstanceFlags,
): Promise<void> {
  const body: InstanceOptions = dryRun ? { dryRun: ['All'] } : {};
  const attempt = async (vm: VmIdentity): Promise<string> => {
    try {
      await client.put(instanceSubresourcePath(vm.namespace, vm.name, verb), body);
      return displayName(vm);
    } catch (error) {
      throw error instanceof ApiError ? await explainRefusal(client, vm, verb, error) : error;
    }
  };
  const { anyFailed } = await forEachVm(context, vms, attempt, (name) =>
    dryRun
      ? `Dry run: VMI ${name} would be scheduled to ${typed}`
      : `VMI ${name} was scheduled to ${typed}`,
  );
  if (anyFailed) throw new ReportedError();
}
