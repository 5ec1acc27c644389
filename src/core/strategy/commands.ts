/**
 * start, stop and restart: whether they are granted, and what they change. Wording and codes are KubeVirt's
 * (`pkg/virt-api/rest/lifecycle.go`) where it has the case; where a user meets a refusal in an outage (backoff,
 * a stop in progress) solovirt does what was asked instead.
 */
import type { Initiator } from '../model/evidence.ts';
import type { CommandEffects, InstanceRecord, StopRecord, VmRecord } from '../model/record.ts';
import type { RunStrategy } from '../model/virtual-machine.ts';
import type { StrategyTable, Verb } from './run-strategy.ts';

export type Command =
  | { readonly verb: 'start'; readonly paused: boolean }
  | { readonly verb: 'stop'; readonly gracePeriodSeconds?: number }
  | { readonly verb: 'restart'; readonly gracePeriodSeconds?: number };

export type Judgement =
  /** 409 Conflict. */
  | { readonly ok: false; readonly message: string }
  | {
      readonly ok: true;
      readonly effects: CommandEffects;
      /** The strategy to be written into the file, when it is not there already. */
      readonly write?: RunStrategy;
    };

export interface CommandSituation {
  readonly record: VmRecord;
  /** The document was removed: the VM is on its way out. */
  readonly terminating: boolean;
  /** Nothing is started at present. */
  readonly draining: boolean;
  /** What the VM's start waits for has failed, and is to be tried again by itself. */
  readonly stuck?: boolean;
  readonly table: StrategyTable;
  readonly now: number;
}

export function judgeCommand(command: Command, situation: CommandSituation): Judgement {
  if (situation.terminating) return refuse('VM is being deleted');
  if (situation.draining && command.verb !== 'stop')
    return refuse('solovirt is draining: nothing is started before that is over');
  switch (command.verb) {
    case 'start':
      return judgeStart(command.paused, situation);
    case 'stop':
      return judgeStop(command.gracePeriodSeconds, situation);
    case 'restart':
      return judgeRestart(command.gracePeriodSeconds, situation);
  }
}

function judgeStart(paused: boolean, situation: CommandSituation): Judgement {
  const { record, now } = situation;
  // What failed is tried at once, however often that is asked for.
  const queued = record.startRequest !== undefined && situation.stuck !== true;
  const running = record.instance !== undefined && record.instance.stop === undefined;
  // A start behind a stop is queued; a second one finds nothing left to ask for.
  if (running || queued) return refuse('VM is already running');
  return grant(situation, 'start', { startRequest: { paused, at: now } });
}

function judgeStop(gracePeriodSeconds: number | undefined, situation: CommandSituation): Judgement {
  const { record, table, now } = situation;
  const { instance, strategy } = record;
  const cancels = record.startRequest !== undefined;
  // Where stop keeps RerunOnFailure, a VM in backoff must not be taken for a failure to be repaired.
  const stays = table[strategy].stop === 'RerunOnFailure' && instance === undefined;
  const effects: CommandEffects = {
    startRequest: null,
    ...(stays ? { lastRun: 'Stopped' } : {}),
    ...(instance === undefined ? {} : { stop: stopOf(instance, gracePeriodSeconds, now) }),
  };
  if (instance === undefined) {
    const alreadyDown = table[strategy].stop === '–' || table[strategy].stop === strategy;
    const waiting = record.backoff.retryAt !== undefined && record.backoff.retryAt > now;
    if (alreadyDown && !cancels && !waiting) return refuse('VM is not running');
    return grant(situation, 'stop', effects);
  }
  const shortens = isShorter(instance.stop, gracePeriodSeconds);
  if (strategy === 'Halted' && instance.stop !== undefined && !shortens && !cancels)
    return refuse('Halted only supports manual stop requests with a shorter graceperiod');
  return grant(situation, 'stop', effects);
}

function judgeRestart(
  gracePeriodSeconds: number | undefined,
  situation: CommandSituation,
): Judgement {
  const { record, table, now } = situation;
  if (table[record.strategy].restart === '–')
    return refuse(`RunStrategy ${record.strategy} does not support manual restart requests`);
  if (record.instance === undefined) return refuse('VM is not running');
  return grant(situation, 'restart', {
    stop: stopOf(record.instance, gracePeriodSeconds, now),
    startRequest: { paused: false, at: now },
  });
}

/** Whose stops are no wish that the VM be down. */
const JOINED: ReadonlySet<Initiator> = new Set<Initiator>(['host', 'supervisor', 'guest']);

/** A stop in progress keeps its clock and its rungs; a new command can only shorten its grace period. */
export function stopOf(
  instance: InstanceRecord,
  gracePeriodSeconds: number | undefined,
  now: number,
): StopRecord {
  const asked = gracePeriodSeconds ?? instance.gracePeriodSeconds;
  const { stop } = instance;
  if (stop === undefined) return { initiator: 'command', gracePeriodSeconds: asked, since: now };
  const joined = { ...stop, gracePeriodSeconds: Math.min(stop.gracePeriodSeconds, asked) };
  return JOINED.has(stop.initiator) ? { ...joined, commanded: true } : joined;
}

function isShorter(stop: StopRecord | undefined, gracePeriodSeconds: number | undefined): boolean {
  if (stop === undefined || gracePeriodSeconds === undefined) return false;
  return gracePeriodSeconds < stop.gracePeriodSeconds;
}

function grant(
  { record, table }: CommandSituation,
  verb: Verb,
  effects: CommandEffects,
): Judgement {
  const after = table[record.strategy][verb];
  const changes = after !== '–' && after !== record.strategy;
  return { ok: true, effects, ...(changes ? { write: after } : {}) };
}

function refuse(message: string): Judgement {
  return { ok: false, message };
}
