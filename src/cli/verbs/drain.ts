/**
 * `solovirt drain`, as far as there is a daemon to ask.
 */
import type { VmObject } from '../../api/contract.ts';
import type { DrainOptions } from '../../api/contract-options.ts';
import { DRAIN_PATH } from '../../api/contract-paths.ts';
import { type Client, getInfo, listVms, vmsPath } from '../../client/client.ts';
import { type Change, follow } from '../../client/follow.ts';
import { isVm } from '../../client/guards.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { CliError, InterruptedError } from '../errors.ts';
import { formatAge } from '../format/age.ts';
import { ALL_DOWN, beingStopped, stillRun, wouldBeStopped } from '../format/drain-words.ts';
import { identityOf } from '../format/vm-words.ts';
import { displayName } from '../names.ts';

export interface DrainFlags {
  readonly cancel?: true;
  readonly dryRun?: true;
  /** Milliseconds. */
  readonly wait?: number;
}

/** @throws NoDaemonError also when the daemon goes while it is waited for */
export async function drain(context: CliContext, client: Client, flags: DrainFlags): Promise<void> {
  if (flags.cancel) return cancel(context, client, flags);
  const body: DrainOptions = flags.dryRun ? { dryRun: ['All'] } : {};
  await client.put(DRAIN_PATH, body);
  const guests = running((await listVms(client, undefined)).items);
  if (flags.dryRun) return say(context, wouldBeStopped(guests));
  say(context, `draining, nothing is started any more; ${beingStopped(guests)}`);
  if (flags.wait !== undefined) await waitForAll(context, client, flags.wait);
}

async function cancel(context: CliContext, client: Client, flags: DrainFlags): Promise<void> {
  const { draining } = await getInfo(client);
  if (draining === undefined) return say(context, 'the host is not being drained');
  if (flags.dryRun) return say(context, 'Dry run: draining would be over');
  await client.delete(DRAIN_PATH);
  say(context, 'draining is over: run strategies act again');
}

/** @throws CliError when the limit is reached, InterruptedError at Ctrl-C */
async function waitForAll(context: CliContext, client: Client, limitMs: number): Promise<void> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  const guests = new Map<string, VmIdentity>();
  let told = '';
  try {
    const source = { path: vmsPath(undefined), guard: isVm, signal: limit.signal };
    for await (const change of follow(context, client, source)) {
      take(guests, change);
      if (guests.size === 0) return say(context, ALL_DOWN);
      const words = stillRun([...guests.values()]);
      if (words !== told) say(context, words);
      told = words;
    }
  } finally {
    clearTimeout(timer);
  }
  const hint = 'Draining goes on: `solovirt list` shows how far it is.';
  if (context.signal.aborted) throw new InterruptedError('no longer waiting', { hint });
  throw new CliError(`${told} after ${formatAge(limitMs)}`, { hint });
}

function take(guests: Map<string, VmIdentity>, change: Change<VmObject>): void {
  if (change.type === 'listed') {
    guests.clear();
    for (const vm of running(change.list.items)) guests.set(displayName(vm), vm);
    return;
  }
  const vm = identityOf(change.object);
  if (change.type === 'changed' && isRunning(change.object)) guests.set(displayName(vm), vm);
  else guests.delete(displayName(vm));
}

function running(vms: readonly VmObject[]): readonly VmIdentity[] {
  return vms.filter(isRunning).map(identityOf);
}

function isRunning({ status }: VmObject): boolean {
  return status.instance !== undefined;
}

function say(context: CliContext, words: string): void {
  context.stdout.write(`${words}\n`);
}
