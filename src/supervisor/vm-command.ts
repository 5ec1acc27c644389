/**
 * start, stop and restart: judged by the table, recorded, and where the strategy changes written into the file.
 *
 * Invariants: a refused command leaves no trace; file and record change together (a daemon that dies between the
 * two is followed by one that finds the write open and looks at the file); the pass that follows does the rest.
 */

import { keyOf } from '../core/catalogue/catalogue.ts';
import { setRunStrategy } from '../core/manifest/edit-strategy.ts';
import type { VmRecord } from '../core/model/record.ts';
import type { RunStrategy } from '../core/model/virtual-machine.ts';
import { type Command, type Judgement, judgeCommand } from '../core/strategy/commands.ts';
import { commanded, writeConfirmed, writeDropped } from '../core/strategy/transitions.ts';
import { errorMessage } from '../core/thrown.ts';
import { ManifestChangedError, replaceManifest } from '../host/write-manifest.ts';
import type { Context } from './context.ts';
import { bringIntoForce, type InForce } from './in-force.ts';
import { publish } from './publish.ts';
import { conflict, notFound, Refusal } from './refusal.ts';

/**
 * @throws Refusal
 */
export async function commandVm(
  ctx: Context,
  key: string,
  command: Command,
  dryRun: boolean,
  newUid: () => string,
): Promise<void> {
  await ctx.queue.exclusive(key, async () => {
    await ctx.files.settled(key);
    const inForce = bringIntoForce(ctx, key, newUid);
    const { record } = inForce;
    if (record === undefined) throw unknownVm(ctx, key);
    const judgement = judge(ctx, inForce, record, command);
    if (dryRun) {
      if (judgement.write !== undefined) newText(ctx, inForce, judgement.write);
      return;
    }
    if (judgement.write === undefined)
      await ctx.records.saveForGood(commanded(record, judgement.effects));
    else await inTurn(ctx, inForce, record, judgement);
    note(ctx, record, command, judgement.write);
    // Whoever asks after the answer sees what the command did, not what was before it.
    publish(ctx, key);
  });
  ctx.queue.add(key);
}

type Granted = Extract<Judgement, { ok: true }>;

function judge(ctx: Context, inForce: InForce, record: VmRecord, command: Command): Granted {
  const judgement = judgeCommand(command, {
    record,
    terminating: inForce.removed,
    draining: ctx.draining() !== undefined,
    stuck: isStuck(ctx, inForce, record),
    table: ctx.settings.strategyTable,
    now: ctx.clock.now(),
  });
  if (!judgement.ok) throw conflict(judgement.message);
  return judgement;
}

function isStuck(ctx: Context, { vm }: InForce, record: VmRecord): boolean {
  if (vm === undefined || record.instance !== undefined) return false;
  return ctx.provisioner.facts(keyOf(vm), vm, record.startRequest?.at)?.kind === 'failed';
}

function unknownVm(ctx: Context, key: string): Refusal {
  const entry = ctx.files.catalogue.get(key);
  const name = key.slice(key.indexOf('/') + 1);
  const stray = ctx.strays.running(key)?.process?.pid;
  if (stray !== undefined)
    return conflict(
      `a guest of VM ${name} runs (pid ${stray}), but no valid file declares it; declare it in ${ctx.settings.vmsDir} again, or end the guest with \`kill ${stray}\``,
    );
  if (entry === undefined) return notFound(`virtualmachines.kubevirt.io "${name}" not found`);
  return conflict(`VM ${name} has never been valid: ${entry.path} has problems`);
}

/** Commands to several VMs of one file wait for each other: each is to change the text that the last one left. */
async function inTurn(
  ctx: Context,
  inForce: InForce,
  record: VmRecord,
  { effects, write }: Granted,
): Promise<void> {
  if (write === undefined) return;
  await ctx.queue.exclusive(`write:${record.source.path}`, () =>
    writeThrough(ctx, inForce, record, effects, write),
  );
}

async function writeThrough(
  ctx: Context,
  inForce: InForce,
  record: VmRecord,
  effects: Granted['effects'],
  to: RunStrategy,
): Promise<void> {
  const { path, before, after } = newText(ctx, inForce, to);
  const pending = { ...record, pendingWrite: { to, effects, at: ctx.clock.now() } };
  await ctx.records.saveForGood(pending);
  try {
    await replaceManifest(path, before, after);
  } catch (error) {
    ctx.records.save(writeDropped(pending));
    throw refusedWrite(path, error);
  }
  // Lost with the host, it is found out again from the file.
  ctx.records.save(writeConfirmed(pending), { unhurried: true });
  for (const key of ctx.files.written(path, after, ctx.records.claims())) ctx.queue.add(key);
}

interface Edit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

function newText(ctx: Context, { entry }: InForce, to: RunStrategy): Edit {
  const before = entry === undefined ? undefined : ctx.files.text(entry.path);
  if (entry === undefined || before === undefined)
    throw conflict(
      'the VM file cannot be read at present, and this command must change its run strategy',
    );
  if (entry.vm === undefined || entry.index === undefined)
    throw conflict(
      `this command must write runStrategy: ${to} into ${entry.path}, which has problems at present; correct the file, or set the strategy there yourself`,
    );
  const edit = setRunStrategy(before, entry.index, to);
  if (!edit.ok) throw conflict(`${entry.path}: ${edit.message}`);
  return { path: entry.path, before, after: edit.text };
}

function refusedWrite(path: string, error: unknown): Refusal {
  const words = errorMessage(error);
  const message =
    error instanceof ManifestChangedError
      ? `${path} has changed since it was read; nothing was done, try again`
      : `the run strategy could not be written, so nothing was done: ${words}`;
  return new Refusal(message, { kind: 'conflict', cause: error });
}

function note(ctx: Context, record: VmRecord, command: Command, write?: RunStrategy): void {
  const file = write === undefined ? '' : `; runStrategy is now ${write} in ${record.source.path}`;
  ctx.events.note(record, {
    type: 'Normal',
    reason: REASONS[command.verb],
    message: `${command.verb} was asked for by a command${file}`,
  });
}

const REASONS = { start: 'StartRequested', stop: 'StopRequested', restart: 'RestartRequested' };
