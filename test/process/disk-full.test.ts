/** A file system without room, made from a small tmpfs: needs root, and is skipped without. */
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { capLog } from '../../src/qemu/cap-log.ts';
import { makeFile, prepareInstanceDirs } from '../../src/qemu/instance-dirs.ts';
import { programFile } from '../../src/qemu/program-files.ts';
import { DiskFullError } from '../../src/qemu/spawn-error.ts';
import { type InstanceDir, instanceDir } from '../support/instance-dir.ts';

interface SmallDisk extends AsyncDisposable {
  readonly instance: InstanceDir;
}

async function smallDisk(bytes: number, inodes = 100): Promise<SmallDisk | undefined> {
  const instance = await instanceDir();
  const { dir } = instance.paths;
  const options = `size=${bytes},nr_inodes=${inodes}`;
  const mount = await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], {
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

function reserve(path: string) {
  return execa(programFile('confine'), ['--reserve', `65536:${path}`, '--', '/bin/true'], {
    reject: false,
    env: { LC_ALL: 'C' },
  });
}

function fill(path: string): void {
  const block = Buffer.alloc(4096, 'x');
  try {
    for (;;) appendFileSync(path, block);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}

test('no room for the journal is said in words that name it', async ({ skip }) => {
  await using disk = await smallDisk(256 * 1024);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  makeFile(paths.events);
  fill(`${paths.dir}/filler`);
  const { exitCode, stderr } = await reserve(paths.events);
  expect(exitCode).toBe(125);
  expect(stderr).toBe(
    `confine: there is no room for 65536 bytes in ${paths.events}: No space left on device`,
  );
});

test('the journal that has its room takes events on a full disk', async ({ skip }) => {
  await using disk = await smallDisk(256 * 1024);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  makeFile(paths.events);
  expect(await reserve(paths.events)).toMatchObject({ exitCode: 0 });
  expect(statSync(paths.events).size).toBe(0);
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

test('no room for a file or a directory is an error that names the directory', async ({ skip }) => {
  await using disk = await smallDisk(64 * 1024, 2);
  if (disk === undefined) return skip('no tmpfs can be mounted here');
  const { paths } = disk.instance;
  writeFileSync(`${paths.dir}/filler`, '');
  expect(() => makeFile(paths.events)).toThrow(DiskFullError);
  expect(() => makeFile(paths.events)).toThrow(paths.dir);
  const inside = { ...paths, dir: `${paths.dir}/deeper` };
  expect(() => prepareInstanceDirs(inside)).toThrow(DiskFullError);
});
