/**
 * Every row of the verdict table, brought about on real guests: once while the daemon watches, and once with the
 * daemon killed before the end and a new one started after it. The verdict is the same.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { EvidenceView, RunView } from '../../src/api/contract-runs.ts';
import { VERDICT_TABLE } from '../../src/core/verdict/verdict-table.ts';
import type { Ending } from './verdict-ending.ts';
import { GUEST_ENDINGS } from './verdict-endings-guest.ts';
import { LAUNCH_ENDINGS } from './verdict-endings-launch.ts';
import { OUTSIDE_ENDINGS } from './verdict-endings-outside.ts';
import { STOP_ENDINGS } from './verdict-endings-stop.ts';
import type { Way } from './verdict-guest.ts';
import { play, type Result } from './verdict-play.ts';

const ENDINGS = [...GUEST_ENDINGS, ...STOP_ENDINGS, ...OUTSIDE_ENDINGS, ...LAUNCH_ENDINGS];

interface Left {
  readonly name: string;
  readonly exit: EvidenceView['exit'];
  /** Names, oldest first. */
  readonly events: readonly string[];
  readonly intents?: readonly string[];
  readonly stderr?: string;
  readonly console?: string;
}

const exited = (code: number) => ({ kind: 'exited', code }) as const;
const signaled = (signal: number) => ({ kind: 'signaled', signal }) as const;

/** What is left of some of them. */
const LEFT: readonly Left[] = [
  {
    name: 'panic-linux',
    exit: exited(1),
    events: ['RESUME', 'GUEST_PANICKED', 'SHUTDOWN'],
    console: 'Kernel panic - not syncing: sysrq triggered crash',
  },
  {
    name: 'expired-command',
    exit: exited(0),
    events: ['RESUME', 'POWERDOWN', 'SHUTDOWN'],
    intents: ['powerdown', 'quit'],
    console: 'IGNORED',
  },
  {
    name: 'sigterm',
    exit: exited(0),
    events: ['RESUME', 'SHUTDOWN'],
    stderr: 'terminating on signal 15 from pid',
    console: 'UP',
  },
  { name: 'sigkill', exit: signaled(9), events: ['RESUME'], console: 'UP' },
  { name: 'nothing-known', exit: undefined, events: ['RESUME'], console: 'UP' },
  {
    name: 'launch-locked-disk',
    exit: exited(1),
    events: [],
    stderr: 'Failed to get "write" lock',
  },
];

test('every row of the verdict table has an ending here', () => {
  const reached = new Set(ENDINGS.map(({ reason }) => reason));
  expect(VERDICT_TABLE.map(({ reason }) => reason).filter((r) => !reached.has(r))).toEqual([]);
});

describe.for(['watched', 'unwatched'] satisfies Way[])('an end that is %s', (way) => {
  const endings = ENDINGS.filter(({ only }) => only === undefined || only === way);
  let results: ReadonlyMap<string, Result>;

  beforeAll(async () => {
    results = await play(way, endings);
  }, 90_000);

  test.for(endings)('$name: $outcome, $reason', (ending, { skip }) => {
    const result = results.get(ending.name);
    if (result !== undefined && 'lacks' in result) return skip(result.lacks);
    const { runs, events } = toldOf(result);
    const { outcome, reason, initiator } = ending;
    const message = matching(ending.message);
    const verdict = { outcome, reason, initiator, message };
    if (ending.removed === true) expect(runs).toEqual([]);
    else expect(runs.map((run) => run.verdict)).toEqual([verdict]);
    const type = outcome === 'Succeeded' ? 'Normal' : 'Warning';
    expect(events).toContainEqual(expect.objectContaining({ type, reason, message }));
  });

  test.for(LEFT)('$name: the run keeps what is left of it', (left) => {
    const evidence = runOf(results.get(left.name)).evidence;
    expect(evidence?.exit).toEqual(left.exit);
    expect(evidence?.events.map(({ event }) => event)).toEqual(left.events);
    expect(evidence?.intents.map(({ action }) => action)).toEqual(left.intents ?? []);
    expect(evidence?.stderrTail).toContain(left.stderr ?? '');
    expect(evidence?.consoleTail).toContain(left.console ?? '');
  });

  test('the event names the instance that ended', () => {
    const result = results.get('sigkill');
    const { uid } = runOf(result);
    const end = toldOf(result).events.find(({ reason }) => reason === 'KilledFromOutside');
    expect(end).toMatchObject({
      involvedObject: { kind: 'VirtualMachine', name: 'sigkill' },
      related: { kind: 'VirtualMachineInstance', name: 'sigkill', uid },
    });
  });
});

type Told = Extract<Result, { told: unknown }>['told'];

function toldOf(result: Result | undefined): Told {
  if (result === undefined) throw new Error('this ending was not played');
  if ('error' in result) throw result.error;
  if ('lacks' in result) throw new Error(result.lacks);
  return result.told;
}

function runOf(result: Result | undefined): RunView {
  const [run] = toldOf(result).runs;
  if (run === undefined) throw new Error('there is no run on record');
  return run;
}

function matching(message: Ending['message']): unknown {
  return typeof message === 'string' ? message : expect.stringMatching(message);
}
