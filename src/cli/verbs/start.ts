/**
 * `solovirt start`.
 */
import type { VmObject } from '../../api/contract.ts';
import type { StartOptions } from '../../api/contract-options.ts';
import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { type LifecycleFlags, runLifecycle } from '../lifecycle.ts';
import { judgeUp } from '../progress.ts';

export interface StartFlags extends LifecycleFlags {
  readonly paused?: true;
}

export async function start(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: StartFlags,
): Promise<void> {
  const body: StartOptions = flags.paused ? { paused: true } : {};
  const note = (before: VmObject, name: string): string | undefined => {
    if (before.status.instance?.stop !== undefined) return 'it starts once the stop is over';
    return flags.paused ? `its CPUs wait for \`solovirt unpause ${name}\`` : undefined;
  };
  await runLifecycle(context, client, vms, { verb: 'start', body, judge: judgeUp, note }, flags);
}
