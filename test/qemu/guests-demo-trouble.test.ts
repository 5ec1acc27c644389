/** The demo guest's hooks that make it misbehave without ending. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BareQemu } from '../support/bare-qemu.ts';
import { DEMO_DOWN, DEMO_KERNEL_ARGS, DEMO_UP, demoGuest } from '../support/guests.ts';

const DISK_BYTES = 8 * 1024 * 1024;

function boot(hooks: string, ...extra: string[]): Promise<BareQemu> {
  const { kernel, initrd } = demoGuest();
  return BareQemu.start(
    ['-machine', 'q35', '-m', '128', '-kernel', kernel, '-initrd', initrd]
      .concat(['-append', `${DEMO_KERNEL_ARGS} ${hooks}`])
      .concat(extra),
  );
}

async function blankDisk(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'solovirt-disk-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'disk.img');
  await writeFile(path, '');
  await truncate(path, DISK_BYTES);
  return path;
}

test('solovirt.ignore-acpi hears the power button and stays up', async () => {
  await using qemu = await boot('solovirt.ignore-acpi');
  await qemu.shows(DEMO_UP);
  qemu.send('system_powerdown');
  await qemu.shows('solovirt-guest: power button ignored');
  expect(qemu.console).not.toContain(DEMO_DOWN);
});

test('solovirt.sleep-on-powerdown delays the end', async () => {
  await using qemu = await boot('solovirt.sleep-on-powerdown=1');
  await qemu.shows(DEMO_UP);
  qemu.send('system_powerdown');
  await qemu.shows('solovirt-guest: powering down in 1 s');
  expect(qemu.console).not.toContain(DEMO_DOWN);
  expect(await qemu.ended()).toBe(0);
  expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN', 'SHUTDOWN guest-shutdown']);
});

test('solovirt.hang spins and is deaf to the power button', async () => {
  await using qemu = await boot('solovirt.hang=0');
  await qemu.shows('solovirt-guest: hanging');
  const before = await qemu.cpuSeconds();
  qemu.send('system_powerdown');
  await qemu.burns(before + 1);
  expect(qemu.history()).toEqual(['RESUME', 'POWERDOWN']);
  expect(qemu.console).not.toContain(DEMO_DOWN);
});

test('solovirt.oom fills the memory of the guest, which stays up', async () => {
  await using qemu = await boot('solovirt.oom=0');
  await qemu.shows('solovirt-guest: filling memory');
  await qemu.shows('Out of memory: Killed process');
  expect(qemu.history()).toEqual(['RESUME']);
});

test('solovirt.fill-disk writes over the whole disk', async () => {
  const disk = await blankDisk();
  const drive = `file=${disk},format=raw,if=virtio`;
  await using qemu = await boot('solovirt.fill-disk=vda', '-drive', drive);
  await qemu.shows('solovirt-guest: filled /dev/vda');
  const content = await readFile(disk, 'latin1');
  expect(content.startsWith('solovirt\nsolovirt\n')).toBe(true);
  expect(content).toHaveLength(DISK_BYTES);
  expect(content.slice(-64)).toContain('solovirt');
});
