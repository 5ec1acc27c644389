/** The model explains what the tables of docs/run-strategies.md allow, and nothing else. */
import { expect, test } from 'vitest';
import { explain, type Fact } from './explain.ts';
import { STRATEGIES, type Strategy } from './fleet.ts';
import type { Verb } from './schedule.ts';
import { NOTHING, type World, wantsStart } from './strategy-model.ts';

const down = (strategy: Strategy, last: World['last'] = 'NeverRan'): World => ({
  strategy,
  last,
  wish: false,
  removed: false,
});
const up = (strategy: Strategy): World => ({ ...down(strategy), live: 'i' });

const command = (
  verb: Verb,
  from: number,
  to: number,
  answer: 'granted' | 'refused' | 'none' = 'granted',
): Fact => ({ kind: 'command', verb, answer, from, to });
const start = (uid: string, at: number): Fact => ({ kind: 'start', uid, from: at, to: at });
const end = (outcome: 'Succeeded' | 'Failed', from: number, to = from, uid = 'i'): Fact => ({
  kind: 'end',
  uid,
  outcome,
  from,
  to,
});
const write = (strategy: Strategy, from: number, to = from, missable = false): Fact => ({
  kind: 'write',
  strategy,
  missable,
  from,
  to,
});
const removal = (from: number, to = from): Fact => ({
  kind: 'removal',
  missable: false,
  from,
  to,
});

const WITHOUT_COMMAND: readonly (readonly [Strategy, string])[] = [
  // Never ran, Succeeded, Failed, stopped by a command: s starts, - stays down.
  ['Always', 'ssss'],
  ['RerunOnFailure', 's-s-'],
  ['Once', 's---'],
  ['Manual', '----'],
  ['Halted', '----'],
];

test.for(WITHOUT_COMMAND)('%s without a command', ([strategy, row]) => {
  const lasts = ['NeverRan', 'Succeeded', 'Failed', 'Stopped'] as const;
  const found = lasts.map((last) => (wantsStart(down(strategy, last)) ? 's' : '-')).join('');
  expect(found).toBe(row);
});

const COMMANDS: readonly (readonly [Strategy, Strategy | '–', Strategy, Strategy | '–'])[] = [
  // On a running guest where there is one: what start, stop and restart make of the strategy; – is refused.
  ['Always', '–', 'Halted', 'Always'],
  ['RerunOnFailure', '–', 'Halted', 'RerunOnFailure'],
  ['Manual', '–', 'Manual', 'Manual'],
  ['Once', '–', 'Halted', '–'],
];

test.for(COMMANDS)('%s: commands to a running guest', ([strategy, ...after]) => {
  const verbs = ['start', 'stop', 'restart'] as const;
  const found = verbs.map((verb) => explain([up(strategy)], [command(verb, 1, 2)])[0]?.strategy);
  expect(found.map((strategy) => strategy ?? '–')).toEqual(after);
});

test('a start of a halted VM makes it Always', () => {
  expect(explain([down('Halted')], [command('start', 1, 2), start('i', 3)])).toEqual([
    { ...up('Always') },
  ]);
});

interface Case {
  readonly name: string;
  readonly from: World;
  readonly facts: readonly Fact[];
  /** How many ways there are in which the VM may stand; 0: it cannot have happened. */
  readonly ways: number;
}

const CASES: readonly Case[] = [
  {
    name: 'a Manual VM that starts by itself',
    from: down('Manual'),
    facts: [start('i', 1)],
    ways: 0,
  },
  {
    name: 'a second instance while the first lives',
    from: up('Always'),
    facts: [start('j', 1)],
    ways: 0,
  },
  {
    name: 'a RerunOnFailure VM that starts after a clean shutdown',
    from: up('RerunOnFailure'),
    facts: [end('Succeeded', 1), start('j', 2)],
    ways: 0,
  },
  {
    name: 'a RerunOnFailure VM that starts after a failure',
    from: up('RerunOnFailure'),
    facts: [end('Failed', 1), start('j', 2)],
    ways: 1,
  },
  {
    name: 'a start before the command that asked for it',
    from: down('Manual'),
    facts: [start('i', 1), command('start', 2, 3)],
    ways: 0,
  },
  {
    name: 'a granted start of a VM that runs',
    from: up('Always'),
    facts: [command('start', 1, 2)],
    ways: 0,
  },
  {
    name: 'a refused start of a VM that is down',
    from: down('Manual'),
    facts: [command('start', 1, 2, 'refused')],
    ways: 0,
  },
  {
    name: 'a stop of which no answer came: done or not',
    from: up('Always'),
    facts: [command('stop', 1, 2, 'none')],
    ways: 2,
  },
  {
    name: 'a guest that ends while a stop comes in: before or after it',
    from: up('Manual'),
    facts: [command('stop', 1, 4), end('Failed', 2, 3)],
    ways: 2,
  },
  {
    name: 'a file that was written again before it was read: read or not',
    from: down('Halted'),
    facts: [write('Always', 1, 9, true), start('i', 2)],
    ways: 1,
  },
  {
    name: 'a file that was read, and not acted upon',
    from: up('Always'),
    facts: [write('Halted', 1), end('Succeeded', 2), start('j', 3)],
    ways: 0,
  },
  {
    name: 'a Once VM that ran, removed and declared again: it runs again',
    from: { ...up('Once') },
    facts: [removal(1), end('Succeeded', 2), write('Once', 3), start('j', 4)],
    ways: 1,
  },
  {
    name: 'a Once VM that ran and is edited to Manual and back: it stays down',
    from: down('Once', 'Failed'),
    facts: [write('Manual', 1), write('Once', 2), start('i', 3)],
    ways: 0,
  },
];

test.for(CASES)('$name', ({ from, facts, ways }) => {
  expect(explain([from], facts)).toHaveLength(ways);
});

test('every strategy that is declared is taken up', () => {
  for (const strategy of STRATEGIES)
    expect(explain([NOTHING], [write(strategy, 1)])).toEqual([down(strategy)]);
});
