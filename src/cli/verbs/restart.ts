/**
 * `solovirt restart`.
 */
import type { RestartOptions } from '../../api/contract-options.ts';
import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { runLifecycle } from '../lifecycle.ts';
import { judgeUp } from '../progress.ts';
import { gracePeriodOf, type StopFlags } from './stop.ts';

export type RestartFlags = StopFlags;

export async function restart(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: RestartFlags,
): Promise<void> {
  const seconds = gracePeriodOf(flags);
  // KubeVirt names this field differently from stop's.
  const body: RestartOptions = seconds === undefined ? {} : { gracePeriodSeconds: seconds };
  await runLifecycle(context, client, vms, { verb: 'restart', body, judge: judgeUp }, flags);
}
