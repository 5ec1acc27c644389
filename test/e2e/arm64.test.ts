/** A guest for another architecture than the host's: 64-bit ARM, on QEMU's machine virt. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** The example, with a strategy that leaves it to this test when it runs. */
const EXAMPLE = readFileSync(new URL('../../vms/arm64.yaml', import.meta.url), 'utf8').replace(
  'runStrategy: Halted',
  'runStrategy: Manual',
);

test('a guest for arm64 comes up under UEFI, with its devices, and hears the power button', async () => {
  world.write('arm64', EXAMPLE);
  await world.untilStatus('arm64', 'Stopped');
  await world.command('arm64', 'start');
  {
    using shell = await guestShell(world, 'arm64');
    expect(await shell.run('uname -m')).toBe('aarch64');
    expect(await shell.run('cat /sys/firmware/efi/fw_platform_size')).toBe('64');
    expect(await shell.run('cat /sys/class/tpm/tpm0/tpm_version_major')).toBe('2');
    const ids = (await shell.run('cat /sys/bus/pci/devices/*/device')).split(' ');
    // Network, entropy, display, pvpanic.
    expect(ids).toEqual(expect.arrayContaining(['0x1000', '0x1005', '0x1050', '0x0011']));
  }
  await world.command('arm64', 'stop');
  await world.untilStatus('arm64', 'Stopped');
  expect((await world.runs('arm64'))[0]?.verdict.reason).toBe('StoppedByCommand');
}, 300_000);
