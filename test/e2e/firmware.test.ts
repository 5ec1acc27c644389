/** UEFI, as a guest sees it: on real OVMF, over a restart, and on a host that has none. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';
import { tinyVm } from './manifests.ts';
import { withStrategy } from './vm-handle.ts';

/** Two boots through UEFI without KVM, on a busy host. */
const LONG_MS = 300_000;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const VARIABLE = '/sys/firmware/efi/efivars/Solovirt-a8f6c7d2-6b5e-4b0f-9a53-54e1a1c9a7d0';
const UUID = '5d307ca9-b3ef-428c-8861-06e72d69f223';
const SERIAL = 'R2-D2, "#7"';

/** An example of vms/, with a strategy that leaves it to the test when it runs. */
function example(name: string): string {
  const text = readFileSync(new URL(`../../vms/${name}.yaml`, import.meta.url), 'utf8');
  return withStrategy(text, 'Manual');
}

test(
  'a guest under UEFI stores a variable and finds it after a restart; its machine stays the same',
  async () => {
    world.write('uefi', example('uefi'));
    await world.untilStatus('uefi', 'Stopped');
    await world.command('uefi', 'start');
    {
      using shell = await guestShell(world, 'uefi');
      expect(world.log).not.toContain('runs as root');
      expect(await shell.run('cat /sys/firmware/efi/fw_platform_size')).toBe('64');
      expect(await shell.run('cat /sys/class/dmi/id/product_serial')).toBe('demo-0001');
      expect(await shell.run('cat /sys/class/dmi/id/product_uuid')).toBe(UUID);
      expect(await shell.run('cat /sys/class/tpm/tpm0/tpm_version_major')).toBe('2');
      // Attributes (kept, for boot services and at run time), then the value: UEFI's file system takes one write.
      await shell.run(`printf '\\007\\000\\000\\000kept' >${VARIABLE}`);
      shell.type('poweroff');
    }
    await world.untilStatus('uefi', 'Stopped');
    const nvram = join(world.state, 'machines/default_uefi/nvram.fd');
    expect(statSync(nvram).isFile()).toBe(true);

    await world.command('uefi', 'start');
    using shell = await guestShell(world, 'uefi');
    expect(await shell.run(`tail -c 4 ${VARIABLE}`)).toBe('kept');
    expect(await shell.run('cat /sys/class/dmi/id/product_uuid')).toBe(UUID);
    shell.type('poweroff');
    await world.untilStatus('uefi', 'Stopped');
    expect((await world.runs('uefi')).map((run) => run.verdict.reason)).toEqual([
      'GuestShutdown',
      'GuestShutdown',
    ]);
  },
  LONG_MS,
);

test(
  'secure boot is on in a guest that has it, and nothing of its variables stays',
  async () => {
    const name = 'secure-boot';
    world.write(name, example(name));
    await world.untilStatus(name, 'Stopped');
    await world.command(name, 'start');
    using shell = await guestShell(world, name);
    const variable = 'SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
    const value = `tail -c 1 /sys/firmware/efi/efivars/${variable} | od -An -tu1`;
    expect(await shell.run(value)).toBe('1');
    expect(await shell.run('cat /sys/class/dmi/id/product_serial')).toBe(SERIAL);
    const uid = (await world.vm(name)).status.instance?.uid ?? '';
    const dir = join(world.state, 'instances', uid);
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['nvram.fd', 'smbios.bin']));
    await world.command(name, 'stop', { gracePeriod: 0 });
    await world.untilStatus(name, 'Stopped');
    expect(readdirSync(dir)).not.toContain('nvram.fd');
    expect(readdirSync(dir)).not.toContain('smbios.bin');
    expect(existsSync(join(world.state, 'machines/default_secure-boot'))).toBe(false);
  },
  LONG_MS,
);

test('what a BIOS says goes to the serial console where that is wanted', async () => {
  const domain = '        firmware: {bootloader: {bios: {useSerial: true}}}\n';
  world.write('bios', tinyVm('bios', { strategy: 'Always', domain }));
  await world.untilStatus('bios', 'Running');
  await world.untilConsole('bios', 'SeaBIOS');
  await world.untilConsole('bios', 'UP');
});
