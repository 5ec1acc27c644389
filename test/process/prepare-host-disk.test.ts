/** Disks that are files of the host, and the cache mode that a disk's files allow. */
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import {
  checkImage,
  containerDisk,
  hostDisk,
  MIB,
  place,
  prepareDisks,
  prepareOne,
  qcow2Image,
  rawImage,
  refusal,
} from './prepare-support.ts';

describe('host disks', () => {
  test.for([
    ['disk.qcow2', 'qcow2'],
    ['disk.img', 'raw'],
    ['disk', 'raw'],
  ] as const)('%s is %s, whatever it contains', async ([name, format]) => {
    await using where = await place();
    const path = await qcow2Image(join(where.root, name), MIB);
    expect(await prepareOne(where, hostDisk(path))).toMatchObject({ file: path, format });
  });

  test.for([
    ['new.img', 'raw'],
    ['new.qcow2', 'qcow2'],
  ] as const)('%s is created when it is wanted', async ([name, format]) => {
    await using where = await place();
    const path = join(where.root, name);
    const prepared = await prepareOne(where, hostDisk(path, 10 * MIB));
    expect(prepared).toMatchObject({ file: path, format, readonly: false });
    expect((await stat(path)).mode & 0o007).toBe(0);
    if (format === 'qcow2') await checkImage(path);
    const { stdout } = await execa('qemu-img', ['info', '--output=json', '-f', format, path]);
    expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': 10 * MIB });
    expect((await stat(path)).blocks * 512).toBeLessThan(MIB);
    expect((await readdir(where.root)).sort()).toEqual(['images', 'instance', name].sort());
  });

  test('one that exists is left as it is, whatever capacity is asked for', async () => {
    await using where = await place();
    const path = join(where.root, 'disk.img');
    await writeFile(path, 'precious');
    await truncate(path, MIB);
    await prepareDisks(where, hostDisk(path, 5 * MIB));
    expect((await stat(path)).size).toBe(MIB);
    expect((await readFile(path, 'utf8')).slice(0, 8)).toBe('precious');
  });

  test('two that want to create one file both get it', async () => {
    await using where = await place();
    const path = join(where.root, 'disk.img');
    const { disks } = await prepareDisks(
      where,
      hostDisk(path, MIB, { name: 'one' }),
      hostDisk(path, MIB, { name: 'two' }),
    );
    expect(disks.map(({ file }) => file)).toEqual([path, path]);
  });

  const refusals: readonly [string, (root: string) => ReturnType<typeof hostDisk>, string][] = [
    ['missing', (root) => hostDisk(`${root}/no.img`), 'no.img does not exist: create it'],
    [
      'without a capacity',
      (root) => hostDisk(`${root}/no.img`, 'without capacity'),
      'without a capacity',
    ],
    [
      'in a missing directory',
      (root) => hostDisk(`${root}/no/no.img`, MIB),
      'no/no.img: it does not exist',
    ],
    ['relative', () => hostDisk('disk.img'), 'the path disk.img must be absolute'],
    ['a directory', (root) => hostDisk(root), 'is a directory'],
    ['a character device', () => hostDisk('/dev/null'), 'is a character device'],
  ];
  test.for(refusals)('one that is %s is refused', async ([, disk, words]) => {
    await using where = await place();
    const message = await refusal(prepareDisks(where, disk(where.root)));
    expect(message).toContain('disk root: ');
    expect(message).toContain(words);
  });

  test('a full file system is named as such', async ({ skip }) => {
    await using where = await place();
    const small = join(where.root, 'small');
    await mkdir(small);
    const mount = ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', small];
    const { failed } = await execa('mount', mount, { reject: false });
    if (failed) skip('mounting a small file system needs root');
    try {
      await writeFile(join(small, 'filler'), Buffer.alloc(4096));
      const message = await refusal(prepareDisks(where, hostDisk(join(small, 'd.qcow2'), MIB)));
      expect(message).toContain(`cannot create ${join(small, 'd.qcow2')}`);
      expect(message).toContain('the file system is full');
      expect(await readdir(small)).toEqual(['filler']);
    } finally {
      await execa('umount', [small]);
    }
  });
});

describe('cache modes', () => {
  test.for(['none', 'writethrough', 'writeback', undefined] as const)(
    '%s, on an image in a temporary directory',
    async (wanted, { skip }) => {
      await using where = await place();
      const image = await rawImage(join(where.imagesDir, 'demo/1.img'), MIB);
      const dd = ['iflag=direct', `if=${image}`, 'of=/dev/null', 'bs=4096', 'count=1'];
      const direct = (await execa('dd', dd, { reject: false })).exitCode === 0;
      if (wanted === 'none' && !direct) skip('no direct I/O in the temporary directory');
      const disk = containerDisk(wanted === undefined ? {} : { cache: wanted });
      const { cache } = await prepareOne(where, disk);
      expect(cache).toBe(wanted ?? (direct ? 'none' : 'writethrough'));
    },
  );

  test('where direct I/O does not work: writethrough, and no "none"', async ({ skip }) => {
    await using where = await place();
    // A file of /proc refuses O_DIRECT on every kernel; it stands for an image on such a file system.
    const path = '/proc/version';
    const { size } = await stat(path);
    if (size !== 0) skip('this kernel gives files of /proc a size');
    expect((await prepareOne(where, hostDisk(path, undefined, { readonly: true }))).cache).toBe(
      'writethrough',
    );
    const none = hostDisk(path, undefined, { readonly: true, cache: 'none' });
    expect(await refusal(prepareDisks(where, none))).toContain('use writethrough or writeback');
  });
});
