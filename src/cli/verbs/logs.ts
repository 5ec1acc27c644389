/**
 * `solovirt logs`: the text as the guest wrote it; on a terminal without the sequences that would drive it.
 */
import type { VmObject } from '../../api/contract.ts';
import { logsPath } from '../../api/contract-paths.ts';
import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { createTerminalFilter } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { CliError, InterruptedError, UsageError, withHint } from '../errors.ts';
import { formatInstant, parseTime } from '../format/age.ts';
import { SHORT_UID } from '../format/run-columns.ts';
import { displayName } from '../names.ts';
import { linesSince } from '../qemu-lines.ts';
import { getKnownVm, isNotFound } from '../unknown-vm.ts';

export interface LogsFlags {
  readonly qemu?: true;
  readonly follow?: true;
  readonly tail?: number;
  /** The uid of a run, or its beginning. */
  readonly run?: string;
  /** The run before the one whose log it would be. */
  readonly previous?: true;
  /** Milliseconds back from now. */
  readonly since?: number;
  /** Unix time in milliseconds. */
  readonly sinceTime?: number;
}

interface Run {
  readonly uid: string;
  /** Unix ms. */
  readonly startedAt: number;
  /** Absent while it goes on. */
  readonly endedAt?: number;
}

/** As many lines as the daemon gives. */
const ALL_LINES = 100_000;

export async function logs(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  flags: LogsFlags,
): Promise<void> {
  refuseContradictions(flags);
  const from = flags.sinceTime ?? (flags.since && context.now() - flags.since);
  try {
    if (from !== undefined) await printSince(context, client, vm, flags, from);
    else await print(context, client, vm, await chosen(client, vm, flags));
  } catch (error) {
    // Ctrl-C is how one leaves a log that is being followed.
    if (flags.follow && error instanceof InterruptedError) return;
    throw error;
  }
}

function refuseContradictions({ previous, run, follow, since, sinceTime }: LogsFlags): void {
  const isSince = since !== undefined || sinceTime !== undefined;
  const choices = [
    ...(previous ? ['--previous'] : []),
    ...(run === undefined ? [] : ['--run']),
    ...(isSince ? ['--since'] : []),
  ];
  if (choices.length > 1)
    throw new UsageError(`${choices.join(' and ')} cannot be given together`, {
      hint: 'Each of them says which run it is about.',
    });
  if (since !== undefined && sinceTime !== undefined)
    throw new UsageError('--since and --since-time cannot be given together');
  if (previous && follow)
    throw new UsageError('a run that has ended says no more, so --previous cannot be followed');
}

async function chosen(client: Client, vm: VmIdentity, flags: LogsFlags): Promise<LogsFlags> {
  if (!flags.previous) return flags;
  const run = runsOf(await getKnownVm(client, vm)).at(-2);
  if (run !== undefined) return { ...flags, run: run.uid };
  throw new CliError(`${displayName(vm)} has no run before this one`, {
    hint: `\`solovirt runs ${displayName(vm)}\` lists its runs.`,
  });
}

/** Oldest first; the one that goes on is the last. */
function runsOf({ status: { instance, runHistory } }: VmObject): readonly Run[] {
  const ended = runHistory.toReversed().map(({ uid, startedAt, endedAt }) => ({
    uid,
    startedAt: parseTime(startedAt) ?? 0,
    endedAt: parseTime(endedAt) ?? 0,
  }));
  if (instance === undefined) return ended;
  return [...ended, { uid: instance.uid, startedAt: parseTime(instance.startedAt) ?? 0 }];
}

/**
 * QEMU dates its messages. A serial console has no times: there only whole runs can be told apart, and of the run
 * that was under way at that moment nothing is shown.
 */
async function printSince(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  flags: LogsFlags,
  from: number,
): Promise<void> {
  const name = displayName(vm);
  const runs = runsOf(await getKnownVm(client, vm)).filter((r) => (r.endedAt ?? Infinity) >= from);
  const whole = runs.filter(({ startedAt }) => startedAt >= from);
  const [first] = runs;
  const cut = first !== undefined && first.startedAt < from ? first : undefined;
  const isLive = cut?.endedAt === undefined;
  if (!flags.qemu && cut !== undefined) {
    const asked = isoTime(from);
    const words = `the console of run ${shortUid(cut)} has no times, and it began before ${asked}`;
    const hint = `All of it: solovirt logs ${name} --run ${shortUid(cut)}`;
    if (whole.length === 0 && !(flags.follow && isLive)) throw new CliError(words, { hint });
    context.stderr.write(`${words}: left out\n${hint}\n`);
  }
  if (runs.length === 0) {
    context.stderr.write(`${name} did not run since ${isoTime(from)}.\n`);
    return;
  }
  const shown = flags.qemu ? runs : whole;
  for (const run of shown) {
    if (shown.length > 1)
      context.stderr.write(`--- run ${shortUid(run)}, started ${isoTime(run.startedAt)}\n`);
    const follow = flags.follow && run.endedAt === undefined;
    const { follow: _, ...still } = flags;
    const filter = flags.qemu ? linesSince(from, run.startedAt >= from) : undefined;
    const one = { tail: ALL_LINES, ...still, run: run.uid, ...(follow && { follow }) };
    await print(context, client, vm, one, filter);
  }
  if (!flags.qemu && flags.follow && cut !== undefined && isLive)
    await print(context, client, vm, { follow: true, tail: 0, run: cut.uid });
}

function shortUid({ uid }: Run): string {
  return uid.slice(0, SHORT_UID);
}

function isoTime(at: number): string {
  return formatInstant(new Date(at).toISOString());
}

async function print(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  flags: LogsFlags,
  wanted: (chunk: string) => string = (chunk) => chunk,
): Promise<void> {
  const filter = context.isTTY ? createTerminalFilter({ colours: true }) : (text: string) => text;
  let empty = true;
  for await (const chunk of await open(client, vm, flags)) {
    empty = false;
    const text = filter(wanted(chunk));
    if (text !== '') await writeOut(context, text);
  }
  if (empty) tellEmpty(context, vm, flags);
}

function tellEmpty(context: CliContext, vm: VmIdentity, { run }: LogsFlags): void {
  const name = displayName(vm);
  // Files of older runs are removed; the ends of their logs stay on record.
  const more =
    run === undefined
      ? ''
      : ` What is on record of it: solovirt runs ${name} --evidence ${run.slice(0, SHORT_UID)}`;
  context.stderr.write(`The log of ${name} is empty.${more}\n`);
}

async function open(
  client: Client,
  vm: VmIdentity,
  flags: LogsFlags,
): Promise<AsyncIterable<string>> {
  const query = new URLSearchParams({
    stream: flags.qemu ? 'qemu' : 'console',
    ...(flags.tail !== undefined && { tail: `${flags.tail}` }),
    ...(flags.follow && { follow: '1' }),
    ...(flags.run !== undefined && { run: flags.run }),
  });
  try {
    return await client.stream(`${logsPath(vm.namespace, vm.name)}?${query}`, {
      endless: flags.follow === true,
    });
  } catch (error) {
    // Either the VM is unknown, which is told with a suggestion, or it has no such run.
    if (!isNotFound(error)) throw error;
    const { instance, runHistory } = (await getKnownVm(client, vm)).status;
    const name = displayName(vm);
    const none = instance === undefined && runHistory.length === 0;
    throw withHint(
      error,
      name,
      `\`solovirt ${none ? 'start' : 'runs'} ${name}\` ${none ? 'starts it' : 'lists its runs'}.`,
    );
  }
}
