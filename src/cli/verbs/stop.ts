/**
 * `solovirt stop`.
 */
import type { StopOptions } from '../../api/contract-options.ts';
import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { type LifecycleFlags, runLifecycle } from '../lifecycle.ts';
import { judgeDown } from '../progress.ts';

export interface StopFlags extends LifecycleFlags {
  /** Seconds. */
  readonly gracePeriod?: number;
  readonly force?: true;
}

/** `--force` alone means a grace period of 0. */
export function gracePeriodOf(flags: Pick<StopFlags, 'gracePeriod' | 'force'>): number | undefined {
  return flags.gracePeriod ?? (flags.force ? 0 : undefined);
}

export async function stop(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: StopFlags,
): Promise<void> {
  const gracePeriod = gracePeriodOf(flags);
  const body: StopOptions = gracePeriod === undefined ? {} : { gracePeriod };
  await runLifecycle(context, client, vms, { verb: 'stop', body, judge: judgeDown }, flags);
}
