/** The disks of persistent volume claims. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiskSpec } from '../../src/core/model/storage.ts';
import { QCOW2_MAGIC } from '../../src/qemu/qcow2-header.ts';
import { aDisk } from '../unit/core/qemu-args/builders.ts';
import {
  imageInfo,
  MIB,
  place,
  prepareOne,
  qcow2Image,
  rawImage,
  refusal,
} from './prepare-support.ts';

function claim(ephemeral = false, changes: Partial<DiskSpec> = {}): DiskSpec {
  return aDisk({ source: { kind: 'claim', claim: 'web-root', ephemeral }, ...changes });
}

test('a claim is a file of the namespace’s folder, in the format of its ending', async () => {
  for (const [ending, make] of [
    ['qcow2', qcow2Image],
    ['img', rawImage],
    ['raw', rawImage],
  ] as const) {
    await using where = await place();
    const path = await make(join(where.imagesDir, `_claims/default/web-root.${ending}`), MIB);
    expect(await prepareOne(where, claim())).toMatchObject({
      file: path,
      format: ending === 'qcow2' ? 'qcow2' : 'raw',
      readonly: false,
    });
  }
});

test('a claim without a disk is told with the command that makes one', async () => {
  await using where = await place();
  await qcow2Image(join(where.imagesDir, '_claims/other/web-root.qcow2'), MIB);
  const expected = join(where.imagesDir, '_claims/default/web-root.qcow2');
  expect(await refusal(prepareOne(where, claim()))).toBe(
    `disk root: the claim web-root has no disk: make one, as with \`qemu-img create -f qcow2 ${expected} 20G\`, or put one there (.qcow2, or .img for a raw one)`,
  );
});

test('a claim that is a directory is told from one that is not there', async () => {
  await using where = await place();
  const directory = join(where.imagesDir, '_claims/default/web-root');
  await mkdir(directory, { recursive: true });
  expect(await refusal(prepareOne(where, claim()))).toContain(
    `has no disk, but a directory, ${directory}, which "filesystems" shows and "disks" does not: make one`,
  );
});

test('of two disks for one claim none is taken', async () => {
  await using where = await place();
  const folder = join(where.imagesDir, '_claims/default');
  await qcow2Image(join(folder, 'web-root.qcow2'), MIB);
  await rawImage(join(folder, 'web-root.img'), MIB);
  expect(await refusal(prepareOne(where, claim()))).toContain(
    `has two disks, ${join(folder, 'web-root.qcow2')} and ${join(folder, 'web-root.img')}`,
  );
});

test('an ephemeral claim is only read, and its overlay takes the writes', async () => {
  await using where = await place();
  const path = await qcow2Image(join(where.imagesDir, '_claims/default/web-root.qcow2'), MIB);
  const before = await readFile(path);
  const { file, below } = await prepareOne(where, claim(true));
  expect(file).toBe(join(where.instanceDir, 'root.qcow2'));
  expect(below).toEqual([path]);
  expect(await imageInfo(file)).toMatchObject({
    'virtual-size': MIB,
    'full-backing-filename': path,
    'backing-filename-format': 'qcow2',
  });
  expect((await readFile(path)).equals(before)).toBe(true);
});

test('a raw claim into which a guest wrote the head of a qcow2 stays raw below its overlay', async () => {
  await using where = await place();
  const path = join(where.imagesDir, '_claims/default/web-root.img');
  await mkdir(dirname(path), { recursive: true });
  const contents = Buffer.alloc(MIB);
  contents.writeUInt32BE(QCOW2_MAGIC);
  await writeFile(path, contents);
  const { file } = await prepareOne(where, claim(true));
  expect(await imageInfo(file)).toMatchObject({
    'virtual-size': MIB,
    'backing-filename-format': 'raw',
  });
});

test('a link may lead to a disk root and nowhere else', async () => {
  await using where = await place();
  const outside = await rawImage(join(where.root, 'outside.img'), MIB);
  const link = join(where.imagesDir, '_claims/default/web-root.img');
  await mkdir(dirname(link), { recursive: true });
  await symlink(outside, link);
  expect((await prepareOne(where, claim())).file).toBe(outside);
  expect(await refusal(prepareOne({ ...where, diskRoots: [] }, claim()))).toContain(
    'is away from the image directory',
  );
});
