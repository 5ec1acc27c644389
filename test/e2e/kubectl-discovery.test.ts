/** What `kubectl` finds out about the socket before it does anything. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';

let world: World;
let kubectl: Kubectl;
beforeAll(async () => {
  world = await World.start();
  kubectl = await Kubectl.on(world);
  world.write('web', tinyVm('web', { strategy: 'Halted' }));
  await world.untilStatus('web', 'Stopped');
});
afterAll(async () => {
  await kubectl[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

test('the kinds of objects, with their short names and verbs', async () => {
  const list = await kubectl.ok(['api-resources', '--no-headers']);
  const rows = list.split('\n').map((line) => line.trim().split(/\s+/));
  expect(rows).toContainEqual([
    'virtualmachines',
    'vm,vms',
    'kubevirt.io/v1',
    'true',
    'VirtualMachine',
  ]);
  expect(rows).toContainEqual(['events', 'ev', 'v1', 'true', 'Event']);
});

test('the versions', async () => {
  const versions = (await kubectl.ok(['api-versions'])).split('\n');
  expect(versions).toEqual(
    expect.arrayContaining(['kubevirt.io/v1', 'kubevirt.io/v1alpha3', 'solovirt.io/v1', 'v1']),
  );
  expect(await kubectl.ok(['version'])).toMatch(/Server Version: .*v1\.32\.0\+solovirt/);
});

test('a VM by any of its names', async () => {
  for (const name of [
    'vm',
    'vms',
    'virtualmachine',
    'virtualmachines.kubevirt.io',
    'vm.v1alpha3.kubevirt.io',
  ])
    expect(await kubectl.ok(['get', name, 'web', '-o', 'name'])).toBe(
      'virtualmachine.kubevirt.io/web',
    );
});

test('a group that is not there', async () => {
  expect((await kubectl.run(['get', '--raw', '/apis/apps/v1'])).stderr).toContain(
    'API group apps/v1',
  );
});
