/** A file system without room, made from a small tmpfs: needs root, and is skipped without. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { capLog } from '../../src/qemu/cap-log.ts';
import { preallocateJournal, prepareInstanceDirs } from '../../src/qemu/instance-dirs.ts';
import { DiskFullError } from '../../src/qemu/spawn-error.ts';
import { type InstanceDir, instanceDir } from '../support/instance-dir.ts';

interface SmallDisk extends AsyncDisposable {
  readonly instance: InstanceDir;
}

async function smallDisk(bytes: number): Promise<SmallDisk | undefined> {
  const instance = await instanceDir();
  const { dir } = instance.paths;
  const mount = await execa('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir], {
    reject: false,
  });
  if (mount.exitCode !== 0) {
    await instance[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    instance,
    async [Symbol.asyncDispose]() {
      await execa('umount', [dir]);
      await instance[Symbol.asyncDispose]();
    },
  };
}

function fill(path: string): void {
  const block = Buffer.alloc(4096, 'x');
  try {
    for (;;) appendFileSync(path, block);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}

test('no room for the journal is an error that names the directory', async ({ skip }) => {
  await using disk = await smallDisk(256 * 1024);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  fill(`${paths.dir}/filler`);
  await expect(preallocateJournal(paths)).rejects.toThrow(DiskFullError);
  await expect(preallocateJournal(paths)).rejects.toThrow(paths.dir);
});

test('the journal that has its room takes events on a full disk', async ({ skip }) => {
  await using disk = await smallDisk(256 * 1024);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  expect(await preallocateJournal(paths)).toBe(true);
  fill(`${paths.dir}/filler`);
  const line = `${'e'.repeat(129)}\n`;
  for (let i = 0; i < 400; i += 1) appendFileSync(paths.events, line);
  expect(readFileSync(paths.events, 'utf8')).toBe(line.repeat(400));
});

test('a log on a full disk is emptied although it cannot be copied', async ({ skip }) => {
  await using disk = await smallDisk(256 * 1024);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  fill(paths.console);
  expect(await capLog(paths.console, 100 * 1024)).toBe(true);
  writeFileSync(paths.stderr, 'room again');
  expect(readFileSync(paths.console, 'utf8')).toBe('');
});

test('no room for a directory is an error too', async ({ skip }) => {
  await using disk = await smallDisk(8 * 4096);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  fill(`${paths.dir}/filler`);
  await mkdir(paths.runtimeDir, { recursive: true });
  const inside = { ...paths, dir: `${paths.dir}/deeper` };
  const attempt = prepareInstanceDirs(inside).then(() => preallocateJournal(inside));
  await expect(attempt).rejects.toThrow(DiskFullError);
});
