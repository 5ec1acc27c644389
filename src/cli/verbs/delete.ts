/**
 * `solovirt delete`: asks nothing, as kubectl.
 */
import { vmPath } from '../../api/contract-paths.ts';
import type { Client } from '../../client/client.ts';
import { isVm } from '../../client/guards.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { ReportedError } from '../errors.ts';
import { forEachVm } from '../for-each-vm.ts';
import { formatElapsed } from '../format/age.ts';
import { displayName } from '../names.ts';
import type { Judge } from '../progress.ts';
import { getKnownVm } from '../unknown-vm.ts';
import { waitFor } from '../wait.ts';
import { gracePeriodOf } from './stop.ts';

export interface DeleteFlags {
  /** Seconds. */
  readonly gracePeriod?: number;
  readonly force?: true;
  readonly dryRun?: true;
  /** Milliseconds. */
  readonly wait?: number;
}

interface Deleted {
  readonly vm: VmIdentity;
  readonly uid: string;
  readonly commandAt: number;
  readonly message: string;
  /** Its guest still stops. */
  readonly stops: boolean;
}

/** @throws ReportedError when it failed for any VM */
export async function deleteVms(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: DeleteFlags,
): Promise<void> {
  const asked = await forEachVm(
    context,
    vms,
    (vm) => deleteVm(context, client, vm, flags),
    ({ message }) => message,
  );
  const { wait: limitMs } = flags;
  const open = limitMs === undefined ? [] : asked.done.filter(({ stops }) => stops);
  const waited = await forEachVm(
    context,
    open,
    (deleted) => untilGone(context, client, deleted, limitMs ?? 0),
    (words) => words,
  );
  if (asked.anyFailed || waited.anyFailed) throw new ReportedError();
}

async function deleteVm(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  flags: DeleteFlags,
): Promise<Deleted> {
  const before = await getKnownVm(client, vm);
  const { uid } = before.metadata;
  const commandAt = context.now();
  const gracePeriodSeconds = gracePeriodOf(flags);
  const path = vmPath(vm.namespace, vm.name);
  const answer = await client.change({
    method: 'DELETE',
    path: flags.dryRun ? `${path}?dryRun=All` : path,
    body: JSON.stringify({
      preconditions: { uid },
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    }),
  });
  const name = displayName(vm);
  const shown = { vm, uid, commandAt };
  if (flags.dryRun)
    return { ...shown, stops: false, message: `Dry run: VM ${name} would be deleted` };
  const stops = isVm(answer) && answer.status.instance !== undefined;
  const rest = stops ? '; it is gone once its guest is down' : '';
  return { ...shown, stops, message: `VM ${name} deleted${rest}` };
}

async function untilGone(
  context: CliContext,
  client: Client,
  { vm, uid, commandAt }: Deleted,
  limitMs: number,
): Promise<string> {
  const name = displayName(vm);
  const judge: Judge = (_, seen, elapsedMs) =>
    seen?.metadata.uid === uid
      ? { state: 'pending' }
      : { state: 'done', message: `${name} is gone after ${formatElapsed(elapsedMs)}` };
  const before = { runs: new Set<string>() };
  return await waitFor(context, client, { vm, before, commandAt, judge, limitMs });
}
