/** The board as a guest finds it: CPU, clock, timers, chassis, display, inputs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentVm, freePort, untilKnown } from './agent-guest.ts';
import { World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';
import { demoVm, tinyVm } from './manifests.ts';
import { untilEvent } from './waiting.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const YEAR = 365 * 86_400;

const DOMAIN = `        cpu:
          features: [{name: sse4.2, policy: disable}, {name: aes}]
        features:
          apic: {endOfInterrupt: true}
          kvm: {hidden: true}
          pvspinlock: {enabled: false}
        clock:
          utc: {offsetSeconds: ${YEAR}}
          timer:
            hpet: {present: false}
            kvm: {}
            pit: {tickPolicy: delay}
            rtc: {tickPolicy: catchup, track: guest}
        chassis: {manufacturer: 'Acme, Inc.', serial: C-1, asset: A-1, version: '1', sku: x}
`;
const DEVICES = `          video: {type: virtio}
          inputs: [{name: pen, type: tablet, bus: virtio}, {name: mouse, type: tablet}]
`;

test('a guest finds what its file says', async () => {
  const vm = { strategy: 'Always', graphics: true, domain: DOMAIN, devices: DEVICES } as const;
  world.write('board', demoVm('board', vm));
  using shell = await guestShell(world, 'board');
  const has = (flag: string) => shell.run(`grep -cw ${flag} /proc/cpuinfo`);
  expect(await has('aes')).toBe('1');
  expect(await has('sse4_2')).toBe('0');
  const ahead = Number(await shell.run('date -u +%s')) - Date.now() / 1000;
  expect(Math.abs(ahead - YEAR)).toBeLessThan(86_400);
  const clocks = '/sys/devices/system/clocksource/clocksource0/available_clocksource';
  expect(await shell.run(`cat ${clocks}`)).not.toContain('hpet');
  const dmi = '/sys/class/dmi/id/chassis';
  expect(await shell.run(`cat ${dmi}_vendor ${dmi}_serial ${dmi}_asset_tag`)).toBe(
    'Acme, Inc. C-1 A-1',
  );
  const pci = await shell.run('cat /sys/bus/pci/devices/*/device');
  // virtio-vga, a virtio input device, the USB controller with the other tablet.
  expect(pci.split(' ')).toEqual(expect.arrayContaining(['0x1050', '0x1052', '0x000d']));
}, 300_000);

test('a feature that no CPU has keeps the guest from being launched, by name', async () => {
  const domain = '        cpu: {features: [{name: warp-drive}]}\n';
  world.write('warp', tinyVm('warp', { strategy: 'Once', domain }));
  const { verdict } = await world.untilRuns('warp', 1);
  expect(verdict.reason).toBe('LaunchFailed');
  expect(verdict.message).toContain('warp-drive');
});

test('a clock that is ahead stays so when its agent sets it after a pause', async () => {
  const clock = `        clock: {utc: {offsetSeconds: ${YEAR}}}\n`;
  const text = agentVm('ahead', await freePort()).replace(
    /^ {6}domain:\n/m,
    (line) => line + clock,
  );
  expect(text).toContain(clock);
  world.write('ahead', text);
  await world.untilStatus('ahead', 'Running');
  using shell = await guestShell(world, 'ahead');
  await untilKnown(world, 'ahead');
  await world.instance('ahead', 'pause');
  await world.untilStatus('ahead', 'Paused');
  await world.instance('ahead', 'unpause');
  await untilEvent(world, 'ahead', 'ClockSet');
  const ahead = Number(await shell.run('date -u +%s')) - Date.now() / 1000;
  expect(Math.abs(ahead - YEAR)).toBeLessThan(86_400);
}, 300_000);
