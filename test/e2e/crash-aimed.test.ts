/** The daemon is killed at a chosen point, and something happens before the next one starts. */
import { expect, test, vi } from 'vitest';
import { readProcessFile } from '../../src/qemu/process-identity.ts';
import { poll, World } from './daemon-harness.ts';
import { HeldQemu } from './held-qemu.ts';
import { ISA_PANIC_DEVICE } from './manifests.ts';
import { eventually, type Live, qemuProcesses, Vm } from './vm-handle.ts';

vi.setConfig({ maxConcurrency: 12 });

const BACKOFF = 'backoff: {baseSeconds: 600, capSeconds: 3600}\n';

async function killed(world: World, meanwhile = async (): Promise<void> => {}): Promise<void> {
  await world.endDaemon('SIGKILL');
  await meanwhile();
  await world.startDaemon();
}

/** A VM whose QEMU has a pid, and is held before it is QEMU. */
async function held(world: World, guest: 'obey' | 'panic'): Promise<{ vm: Vm; live: Live }> {
  const spec = { strategy: 'Always', guest, devices: ISA_PANIC_DEVICE } as const;
  const vm = Vm.put(world, 'held-guest', spec);
  await vm.is('Starting');
  const uid = (await vm.status()).instance?.uid ?? '';
  const identity = () => readProcessFile(vm.paths(uid).process)?.identity;
  await poll('QEMU is on its way', () => identity() !== undefined);
  return { vm, live: { uid, pid: identity()?.pid ?? 0 } };
}

test.concurrent('while QEMU starts: that QEMU goes on', async () => {
  using qemu = new HeldQemu();
  await using world = await World.start({ args: ['--qemu', qemu.path], config: BACKOFF });
  const { vm, live } = await held(world, 'obey');
  await killed(world);
  expect((await vm.is('Starting')).status.instance?.uid).toBe(live.uid);
  qemu.letGo();
  expect(await vm.running()).toEqual(live);
  expect(qemuProcesses(world)).toHaveLength(1);
});

async function answers(vm: Vm, { uid }: Live): Promise<boolean> {
  return vm.monitor(uid, 'query-status').then(
    () => true,
    () => false,
  );
}

test.concurrent('before it saw the guest run, and the guest ends meanwhile: it counts as one that ran', async () => {
  using qemu = new HeldQemu();
  await using world = await World.start({ args: ['--qemu', qemu.path], config: BACKOFF });
  const { vm, live } = await held(world, 'panic');
  await killed(world, async () => {
    qemu.letGo();
    await eventually('its monitor answers', () => answers(vm, live));
    await vm.monitor(live.uid, 'cont');
    await poll('the guest is gone', () => world.liveQemus().length === 0);
  });
  // Retried at once, as after any first failure of a guest that ran, and then made to wait.
  await vm.is('CrashLoopBackOff');
  const { runHistory, startFailure } = await vm.status();
  expect(runHistory.map(({ verdict }) => verdict.reason)).toEqual([
    'GuestPanicked',
    'GuestPanicked',
  ]);
  expect(startFailure?.consecutiveFailCount).toBe(2);
  expect(runHistory[1]?.runningAt).toBeDefined();
});

test.concurrent('while it stops a deaf guest: the clock goes on, and its end comes although nobody watched', async () => {
  await using world = await World.start();
  const spec = { strategy: 'Manual', guest: 'ignore', grace: 3 } as const;
  const { vm } = await Vm.up(world, 'clock', spec);
  await vm.granted('stop');
  const asked = await vm.until('is asked', (v) => v?.status.instance?.stop?.rung === 'powerdown');
  await killed(world);
  await vm.ended(1);
  const [run] = await world.runs('clock');
  expect(run?.verdict).toMatchObject({ reason: 'GracePeriodExpired', initiator: 'command' });
  // The button is pressed every five seconds: a clock that began anew would press it again.
  expect(run?.evidence?.intents.map(({ action }) => action)).toEqual(['powerdown', 'quit']);
  const deadline = Date.parse(asked?.status.instance?.stop?.deadline ?? '');
  expect(run?.evidence?.intents[1]?.at).toBeGreaterThanOrEqual(deadline);
});

test.concurrent('while it stops a slow guest, which is down before the next one starts', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'down-meanwhile', { strategy: 'Always', guest: 'slow' });
  await vm.granted('restart');
  await vm.until('is asked', (v) => v?.status.instance?.stop?.rung === 'powerdown');
  await killed(world, () => poll('the guest is down', () => world.liveQemus().length === 0));
  await vm.running(live.uid);
  expect((await vm.ended(1)).verdict.reason).toBe('StoppedByCommand');
  expect(vm.text()).toBe(vm.original);
});

test.concurrent.for(['Reboot', 'Terminate'])(
  'in the middle of a soft reboot under rebootPolicy %s: the next one finishes it',
  async (policy) => {
    await using world = await World.start();
    const name = `soft-${policy.toLowerCase()}`;
    const domain = `        rebootPolicy: ${policy}\n`;
    const { vm, live } = await Vm.up(world, name, { strategy: 'Always', guest: 'slow', domain });
    expect((await vm.instance('softreboot')).code).toBe(200);
    // The guest shuts down while no daemon is there to wake it; QEMU holds it.
    await killed(world, () => vm.says(live, 'DOWN'));
    await vm.says(live, 'UP', 2);
    expect(await vm.running()).toEqual(live);
    await vm.untilEvent('SoftRebooted');
    expect((await vm.status()).runHistory).toEqual([]);
  },
);

test.concurrent('before a soft reboot was given up: the next one gives it up', async () => {
  await using world = await World.start();
  const spec = { strategy: 'Manual', guest: 'ignore', grace: 1 } as const;
  const { vm, live } = await Vm.up(world, 'soft-deaf', spec);
  expect((await vm.instance('softreboot')).code).toBe(200);
  await killed(world);
  await vm.untilEvent('SoftRebootIgnored');
  expect(await vm.running()).toEqual(live);
});
