/** The agent's part in a stop and after a pause, with a real agent in real guests. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readIntents } from '../../src/qemu/intent.ts';
import { agentIs, agentVm, control, freePort } from './agent-guest.ts';
import { World } from './daemon-harness.ts';
import { cli } from './run-main.ts';
import { eventually, Vm } from './vm-handle.ts';

let world: World;
let deaf: Vm;
let hung: Vm;
let deafPort: number;
let hungPort: number;

beforeAll(async () => {
  [deafPort, hungPort] = [await freePort(), await freePort()];
  world = await World.start();
  deaf = Vm.put(world, 'deaf', agentVm('deaf', deafPort, 'solovirt.ignore-acpi'));
  hung = Vm.put(world, 'hung', agentVm('hung', hungPort));
  await world.until('deaf', 'has its agent', agentIs('True'));
  await world.until('hung', 'has its agent', agentIs('True'));
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('a guest that was paused has the right time again', async () => {
  await control(deafPort, 'clock-back');
  expect((await deaf.instance('pause')).code).toBe(200);
  expect((await deaf.instance('unpause')).code).toBe(200);
  await eventually('the clock of the guest is set', async () => {
    const seconds = Number(await control(deafPort, 'clock'));
    return Math.abs(seconds - Date.now() / 1000) < 3600;
  });
});

test('an agent that hangs costs the guest nothing of its grace period', async () => {
  const { uid } = await hung.running();
  await control(hungPort, 'stop');
  await hung.granted('stop');
  const run = await hung.ended(1);
  expect(run.verdict).toMatchObject({ outcome: 'Succeeded', reason: 'StoppedByCommand' });
  const [first, second] = readIntents(hung.paths(uid));
  expect(first).toMatchObject({ action: 'agent-shutdown', initiator: 'command' });
  expect(second).toMatchObject({ action: 'powerdown', initiator: 'command' });
});

test('a guest that is deaf to its power button is shut down by its agent, also when it was paused', async () => {
  const { uid } = await deaf.running();
  expect((await deaf.instance('pause')).code).toBe(200);
  await deaf.granted('stop');
  const run = await deaf.ended(1);
  expect(run.verdict).toMatchObject({ outcome: 'Succeeded', reason: 'StoppedByCommand' });
  await deaf.says({ uid }, 'its agent shuts it down');
  const { stdout } = await cli(world, 'events', 'deaf');
  expect(stdout).toMatch(/StopRung +.*asked the agent in the guest to shut it down/);
});
