/** Commands that do nothing, because they are dry runs or because they are refused, leave no trace. */
import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { World } from './daemon-harness.ts';
import { type Verb, Vm } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Everything of a VM that a command could change. */
async function traces(vm: Vm): Promise<object> {
  const { mtimeMs, ino } = statSync(world.file(vm.name));
  const { body } = await world.api('GET', vm.path);
  const events = await vm.eventReasons();
  return { mtimeMs, ino, text: vm.text(), record: vm.record(), body, events };
}

type State = 'down' | 'running' | 'stopping';

async function vmIn(state: State, name: string, strategy: RunStrategy): Promise<Vm> {
  const guest = state === 'stopping' ? 'ignore' : 'obey';
  const spec = { strategy, guest, grace: 600 } as const;
  if (state === 'down') {
    const vm = await Vm.known(world, name, spec);
    await vm.is('Stopped');
    return vm;
  }
  const { vm } = await Vm.up(world, name, spec);
  if (state === 'stopping') {
    await vm.granted('stop');
    await vm.until('is asked', (v) => v?.status.instance?.stop?.rung === 'powerdown');
  }
  return vm;
}

const RUNNING = 'VM is already running';
const DOWN = 'VM is not running';
const noRestart = (strategy: string) =>
  `RunStrategy ${strategy} does not support manual restart requests`;

const DRY = { dryRun: ['All'] };

const ROWS: readonly (readonly [RunStrategy, State, Verb, object, number, string?])[] = [
  ['Manual', 'down', 'start', DRY, 202],
  ['Manual', 'down', 'stop', {}, 409, DOWN],
  ['Manual', 'down', 'stop', DRY, 409, DOWN],
  ['Manual', 'down', 'restart', {}, 409, DOWN],
  ['Manual', 'running', 'start', {}, 409, RUNNING],
  ['Manual', 'running', 'start', { paused: true }, 409, RUNNING],
  ['Manual', 'running', 'stop', DRY, 202],
  ['Manual', 'running', 'stop', { ...DRY, gracePeriod: 0 }, 202],
  ['Manual', 'running', 'restart', DRY, 202],
  ['Always', 'running', 'start', {}, 409, RUNNING],
  ['Always', 'running', 'stop', DRY, 202],
  ['Always', 'running', 'restart', DRY, 202],
  ['RerunOnFailure', 'running', 'stop', DRY, 202],
  ['Once', 'running', 'start', {}, 409, RUNNING],
  ['Once', 'running', 'restart', {}, 409, noRestart('Once')],
  ['Halted', 'down', 'start', DRY, 202],
  ['Halted', 'down', 'start', { ...DRY, paused: true }, 202],
  ['Halted', 'down', 'stop', {}, 409, DOWN],
  ['Halted', 'down', 'restart', {}, 409, noRestart('Halted')],
  // The grace period must not be touched either, as it is in KubeVirt.
  [
    'Always',
    'stopping',
    'stop',
    { gracePeriod: 900 },
    409,
    'Halted only supports manual stop requests with a shorter graceperiod',
  ],
  ['Always', 'stopping', 'start', DRY, 202],
  ['Manual', 'running', 'stop', { gracePeriod: -1 }, 400],
  ['Manual', 'running', 'stop', { gracePeriod: '5' }, 400],
  ['Manual', 'running', 'restart', { gracePeriod: 5 }, 400],
  ['Manual', 'down', 'start', { paused: 'yes' }, 400],
  ['Manual', 'down', 'start', { dryRun: ['Some'] }, 400],
];

describe('no trace is left by', () => {
  test.concurrent.for(ROWS)('%s, %s: %s %j: %i', async (row) => {
    const [strategy, state, verb, body, code, message] = row;
    const vm = await vmIn(state, `no-trace-${ROWS.indexOf(row)}`, strategy);
    const before = await traces(vm);
    const answer = await vm.command(verb, body);
    expect(answer.code).toBe(code);
    if (message !== undefined) expect(answer.body).toMatchObject({ message, reason: 'Conflict' });
    expect(await traces(vm)).toEqual(before);
  });
});

describe('a command to a VM', () => {
  test.concurrent.for<Verb>(['start', 'stop', 'restart'])('that is unknown: %s', async (verb) => {
    const { code, body } = await world.command('nobody', verb);
    expect([code, body.reason, body.message]).toEqual([
      404,
      'NotFound',
      'virtualmachines.kubevirt.io "nobody" not found',
    ]);
  });

  test.concurrent('whose file was never valid', async () => {
    const text =
      'apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: bad}\nspec: {}\n';
    const vm = Vm.put(world, 'bad', text);
    await vm.is('Invalid');
    const { code, body } = await vm.command('start');
    expect([code, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toContain('has never been valid');
  });

  test.concurrent('that is on its way out', async () => {
    const spec = { strategy: 'Manual', guest: 'ignore', grace: 600 } as const;
    const { vm } = await Vm.up(world, 'leaving', spec);
    world.remove('leaving');
    await vm.is('Terminating');
    const { code, body } = await vm.command('start');
    expect([code, body.message]).toEqual([409, 'VM is being deleted']);
  });

  test.concurrent('whose file is broken at present: only what needs no write', async () => {
    const { vm, live } = await Vm.up(world, 'broken', { strategy: 'Always' });
    world.write('broken', vm.original.replace('runStrategy: Always', 'runStrategy: Allways'));
    await vm.until('has a problem', (v) => (v?.status.problems?.length ?? 0) > 0);
    const { code, body } = await vm.command('stop');
    expect([code, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toContain('has problems at present');
    await vm.granted('restart');
    await vm.running(live.uid);
  });
});
