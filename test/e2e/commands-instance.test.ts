/** pause, unpause, reset and soft reboot: the same QEMU before and after, and what is refused. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readJournal } from '../../src/qemu/journal.ts';
import { type Answer, poll, World } from './daemon-harness.ts';
import { type Live, Vm } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const TERMINATE = '        rebootPolicy: Terminate\n';
const NO_ACPI = '        features: {acpi: {enabled: false}}\n';

const inShort = ({ code, body }: Answer): readonly [number, string?] =>
  code === 200 ? [200] : [code, String(body.message)];

async function sameQemu(vm: Vm, live: Live): Promise<void> {
  expect(await vm.running()).toEqual(live);
  expect((await vm.status()).runHistory).toEqual([]);
}

describe('pause and unpause', () => {
  test.concurrent('stop and resume the guest, once each', async () => {
    const { vm, live } = await Vm.up(world, 'pausing', { strategy: 'Manual' });
    expect(inShort(await vm.instance('unpause'))).toEqual([409, 'VMI is not paused']);
    expect(inShort(await vm.instance('pause'))).toEqual([200]);
    const paused = await vm.is('Paused');
    expect(paused.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Paused', status: 'True', reason: 'PausedByUser' }),
    );
    expect(paused.status.ready).toBe(false);
    expect(inShort(await vm.instance('pause'))).toEqual([409, 'VMI is already paused']);
    expect(inShort(await vm.instance('softreboot'))).toEqual([409, 'VMI is paused']);
    expect(inShort(await vm.instance('unpause'))).toEqual([200]);
    await sameQemu(vm, live);
  });

  test.concurrent('a dry run pauses nothing', async () => {
    const { vm, live } = await Vm.up(world, 'dry-pause', { strategy: 'Manual' });
    const path = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances';
    const dry = { dryRun: ['All'] };
    expect((await world.api('PUT', `${path}/dry-pause/pause`, dry)).code).toBe(200);
    await sameQemu(vm, live);
    expect(await vm.eventReasons()).not.toContain('Paused');
  });

  test.concurrent('a VM that is down, or being stopped, takes none', async () => {
    const vm = await Vm.known(world, 'no-target', { strategy: 'Manual', guest: 'ignore' });
    const verbs = ['pause', 'unpause', 'reset', 'softreboot'] as const;
    for (const verb of verbs)
      expect(inShort(await vm.instance(verb))).toEqual([409, 'VM is not running']);
    await vm.granted('start');
    await vm.listening();
    await vm.granted('stop');
    for (const verb of verbs)
      expect(inShort(await vm.instance(verb))).toEqual([409, 'VM is being stopped']);
    const { code } = await world.instance('nobody', 'pause');
    expect(code).toBe(404);
  });
});

describe('reset', () => {
  test.concurrent('lets firmware that has just begun come to its end', async () => {
    const vm = await Vm.known(world, 'early', { strategy: 'Manual' });
    await vm.granted('start', { paused: true });
    const uid = (await vm.is('Paused')).status.instance?.uid ?? '';
    expect(inShort(await vm.instance('unpause'))).toEqual([200]);
    expect(inShort(await vm.instance('reset'))).toEqual([200]);
    await vm.says({ uid }, 'UP');
    const journal = readJournal(vm.paths(uid).events);
    const at = (name: string): number => journal.findLast(({ event }) => event === name)?.at ?? 0;
    expect(at('RESET') - at('RESUME')).toBeGreaterThan(400);
  });

  test.concurrent('starts the guest anew in the same QEMU', async () => {
    const { vm, live } = await Vm.up(world, 'reset', { strategy: 'Manual' });
    expect(inShort(await vm.instance('reset'))).toEqual([200]);
    await vm.says(live, 'UP', 2);
    await sameQemu(vm, live);
  });

  test.concurrent('does so under rebootPolicy Terminate too, and the next reset ends it', async () => {
    const spec = { strategy: 'Manual', domain: TERMINATE } as const;
    const { vm, live } = await Vm.up(world, 'reset-end', spec);
    expect(inShort(await vm.instance('reset'))).toEqual([200]);
    await vm.says(live, 'UP', 2);
    await sameQemu(vm, live);
    // Not at once: firmware resets the machine a second time, which is part of the first.
    const isOver = (line: string): boolean => /reset-end.*"finish-reset"/.test(line);
    await poll('the reset is over', () => world.log.split('\n').some(isOver));
    const resets = setInterval(
      () => void vm.monitor(live.uid, 'system_reset').catch(() => {}),
      500,
    );
    const { verdict } = await vm.ended(1).finally(() => clearInterval(resets));
    expect(verdict.reason).toBe('TerminatedFromOutside');
  });
});

describe('soft reboot', () => {
  test.concurrent.for<readonly [string, string]>([
    ['rebootPolicy Reboot', ''],
    ['rebootPolicy Terminate', TERMINATE],
  ])('%s: the guest shuts down, and comes up in the same QEMU', async ([policy, domain]) => {
    const name = `soft-${policy.toLowerCase().replace(' ', '-')}`;
    const { vm, live } = await Vm.up(world, name, { strategy: 'Always', domain });
    expect(inShort(await vm.instance('softreboot'))).toEqual([200]);
    await vm.says(live, 'UP', 2);
    await vm.says(live, 'DOWN');
    await sameQemu(vm, live);
    await vm.untilEvent('SoftRebooted');
    // QEMU's hold is undone: the next shutdown is an end.
    await vm.monitor(live.uid, 'system_powerdown');
    expect((await vm.ended(1)).verdict.reason).toBe('GuestShutdown');
  });

  test.concurrent('again and again', async () => {
    const { vm, live } = await Vm.up(world, 'soft-often', { strategy: 'Manual' });
    for (let count = 2; count <= 4; count += 1) {
      expect(inShort(await vm.instance('softreboot'))).toEqual([200]);
      await vm.says(live, 'UP', count);
      await vm.untilEvent('SoftRebooted', count - 1);
    }
    await sameQemu(vm, live);
  });

  test.concurrent('that the guest ignores is given up, and nothing is forced', async () => {
    const spec = { strategy: 'Manual', guest: 'ignore', grace: 1 } as const;
    const { vm, live } = await Vm.up(world, 'soft-deaf', spec);
    expect(inShort(await vm.instance('softreboot'))).toEqual([200]);
    expect(inShort(await vm.instance('softreboot'))).toEqual([409, 'a soft reboot is under way']);
    await vm.untilEvent('SoftRebootIgnored');
    await vm.says(live, 'IGNORED');
    await sameQemu(vm, live);
  });

  test.concurrent('needs ACPI', async () => {
    const { vm } = await Vm.up(world, 'soft-no-acpi', { strategy: 'Manual', domain: NO_ACPI });
    expect(inShort(await vm.instance('softreboot'))).toEqual([
      409,
      'VMI does not have the ACPI feature enabled',
    ]);
  });

  test.concurrent('that is overtaken by a stop ends in the stop', async () => {
    const { vm } = await Vm.up(world, 'soft-stop', { strategy: 'Always', guest: 'slow' });
    expect(inShort(await vm.instance('softreboot'))).toEqual([200]);
    await vm.granted('stop');
    expect((await vm.ended(1)).verdict).toMatchObject({
      outcome: 'Succeeded',
      reason: 'StoppedByCommand',
    });
    await vm.is('Stopped');
  });
});
