/** Many commands at once: each is answered, none is lost, and the VM comes to rest in one state. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { RUN_STRATEGIES, type RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { World } from './daemon-harness.ts';
import { type Verb, Vm, withStrategy } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function codes(vm: Vm, verbs: readonly Verb[]): Promise<readonly number[]> {
  const answers = await Promise.all(verbs.map((verb) => vm.command(verb)));
  return answers.map(({ code }) => code).sort();
}

function twenty(...verbs: readonly Verb[]): readonly Verb[] {
  return Array.from({ length: 20 }, (_, index) => verbs[index % verbs.length] ?? 'stop');
}

function isAtRest(vm: VmObject | undefined): boolean {
  const { stateChangeRequests, printableStatus, instance } = vm?.status ?? {};
  if (stateChangeRequests !== undefined) return false;
  // One that stops still has its process, for a moment.
  return printableStatus === (instance === undefined ? 'Stopped' : 'Running');
}

/** No VM has two, and a VM that is down has none. */
async function expectConsistent(vm: Vm): Promise<void> {
  const { status } = await world.vm(vm.name);
  const running = vm.processes();
  expect(running).toEqual(status.instance === undefined ? [] : [status.instance.pid]);
  expect(vm.text()).toBe(withStrategy(vm.original, status.runStrategy as RunStrategy));
}

describe('twenty commands of all kinds at once', () => {
  test.concurrent.for(RUN_STRATEGIES)('%s', async (strategy) => {
    const name = `mixed-${strategy.toLowerCase()}`;
    const vm = await Vm.known(world, name, { strategy });
    for (const verbs of [twenty('start', 'stop', 'restart'), twenty('restart', 'stop', 'start')]) {
      const answers = await codes(vm, verbs);
      expect(answers.filter((code) => code !== 202 && code !== 409)).toEqual([]);
      await vm.until('is at rest', isAtRest);
      await expectConsistent(vm);
    }
    // Whatever it is by now, a start runs it and a stop ends it.
    if ((await vm.status()).instance === undefined) await vm.granted('start');
    await vm.running();
    await vm.granted('stop');
    await vm.is('Stopped');
    await expectConsistent(vm);
  });
});

describe('twenty of a kind at once', () => {
  test.concurrent('start: one is accepted', async () => {
    const vm = await Vm.known(world, 'starts', { strategy: 'Halted' });
    const expected = [202, ...Array.from({ length: 19 }, () => 409)];
    expect(await codes(vm, twenty('start'))).toEqual(expected);
    await vm.running();
    await expectConsistent(vm);
    expect((await vm.status()).runHistory).toEqual([]);
  });

  test.concurrent('stop under Always: one is accepted', async () => {
    const { vm } = await Vm.up(world, 'stops', { strategy: 'Always', guest: 'slow' });
    const expected = [202, ...Array.from({ length: 19 }, () => 409)];
    expect(await codes(vm, twenty('stop'))).toEqual(expected);
    await vm.ended(1);
    await vm.is('Stopped');
    await expectConsistent(vm);
  });

  test.concurrent('restart: all are accepted, and they are one restart', async () => {
    const { vm, live } = await Vm.up(world, 'restarts', { strategy: 'Always', guest: 'slow' });
    expect(await codes(vm, twenty('restart'))).toEqual(Array.from({ length: 20 }, () => 202));
    await vm.running(live.uid);
    expect((await vm.status()).runHistory).toHaveLength(1);
    await expectConsistent(vm);
  });
});

test.concurrent('twenty VMs start and stop at the same time', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `herd-${index}`);
  const vms = await Promise.all(names.map((name) => Vm.known(world, name, { strategy: 'Halted' })));
  await Promise.all(vms.map((vm) => vm.granted('start')));
  await Promise.all(vms.map((vm) => vm.listening()));
  await Promise.all(vms.map((vm) => vm.granted('stop')));
  await Promise.all(vms.map((vm) => vm.is('Stopped')));
  const ends = await Promise.all(vms.map((vm) => vm.ended(1)));
  expect(new Set(ends.map(({ verdict }) => verdict.reason))).toEqual(new Set(['StoppedByCommand']));
});
