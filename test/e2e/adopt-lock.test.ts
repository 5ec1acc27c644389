/** A disk that a QEMU of somebody else has open: no second QEMU gets at it, and the refusal says who it is. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive, readIdentity } from '../../src/qemu/process-identity.ts';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { hostDisk } from './verdict-manifests.ts';
import { Vm } from './vm-handle.ts';

test('the launch fails, names the file and its holder, and harms neither', async () => {
  await using world = await World.start();
  const disk = join(world.dir, 'disk.img');
  const content = Buffer.alloc(1024 * 1024, 'precious');
  writeFileSync(disk, content);
  const ready = join(world.dir, 'ready');
  const holder = spawn(
    'qemu-system-x86_64',
    [
      ...['-machine', 'q35', '-accel', 'tcg', '-m', '16', '-nodefaults', '-display', 'none', '-S'],
      ...['-blockdev', JSON.stringify({ driver: 'file', 'node-name': 'd', filename: disk })],
      ...['-device', 'virtio-blk-pci,drive=d', '-uuid', randomUUID()],
      ...['-pidfile', ready],
    ],
    { stdio: 'ignore' },
  );
  try {
    await poll('it has the disk', () => existsSync(ready));
    const identity = readIdentity(holder.pid ?? 0);
    if (identity === undefined) throw new Error('the holder is gone');
    const text = tinyVm('web', { strategy: 'Once' }) + hostDisk(disk);
    const vm = Vm.put(world, 'web', text);
    const { verdict } = await vm.ended(1);
    expect(verdict).toMatchObject({ outcome: 'Failed', reason: 'LaunchFailed' });
    expect(verdict.message).toContain('Failed to get "write" lock');
    expect(verdict.message).toMatch(
      new RegExp(`\\(${disk} is in use by qemu-system\\S* \\(pid ${identity.pid}\\)\\)$`),
    );
    expect(isAlive(identity)).toBe(true);
    expect(readFileSync(disk).equals(content)).toBe(true);
    expect(vm.processes()).toEqual([]);
  } finally {
    holder.kill('SIGKILL');
  }
});

test('a guest of ours that holds it is named', async () => {
  await using world = await World.start();
  const disk = join(world.dir, 'disk.img');
  writeFileSync(disk, Buffer.alloc(1024 * 1024));
  const text = (name: string): string => tinyVm(name, { strategy: 'Once' }) + hostDisk(disk);
  const first = Vm.put(world, 'first', text('first'));
  const live = await first.listening();
  const { verdict } = await Vm.put(world, 'second', text('second')).ended(1);
  expect(verdict.message).toMatch(
    new RegExp(`is in use by qemu-system\\S* of VM default/first \\(pid ${live.pid}\\)\\)$`),
  );
  expect(await first.running()).toEqual(live);
});
