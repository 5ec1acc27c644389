/** The qcow2 files that solovirt writes itself, as qemu-img sees them. */
import { link, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { QCOW2_MAX_BYTES } from '../../src/qemu/overlay-qcow2.ts';
import { aDisk } from '../unit/core/qemu-args/builders.ts';
import {
  checkImage,
  containerDisk,
  imageInfo,
  MIB,
  place,
  prepareDisks,
  prepareOne,
  qcow2Image,
  rawImage,
  refusal,
} from './prepare-support.ts';

const GIB = 1024 * MIB;
const TIB = 1024 * GIB;

/** Around the sizes at which another table entry or table cluster is needed. */
test.for([
  512,
  1000,
  MIB,
  512 * MIB,
  512 * MIB + 512,
  100 * GIB,
  4 * TIB,
  4 * TIB + 512,
  64 * TIB,
  QCOW2_MAX_BYTES,
])('a scratch disk of %i bytes is a sound qcow2 of that size', async (capacityBytes) => {
  await using where = await place();
  const { file } = await prepareOne(
    where,
    aDisk({ name: 'scratch', source: { kind: 'emptyDisk', capacityBytes } }),
  );
  expect(file).toBe(join(where.instanceDir, 'scratch.qcow2'));
  const sectors = Math.ceil(capacityBytes / 512) * 512;
  expect(await imageInfo(file)).toMatchObject({ format: 'qcow2', 'virtual-size': sectors });
  await checkImage(file);
  expect((await stat(file)).mode & 0o007).toBe(0);
});

test.for([
  'plain',
  'with,commas,,and=signs',
  'with spaces, "quotes" and \'quotes\'',
  'json:{"driver":"null-co"}',
  'nbd:localhost:1',
  'new\nline',
  'ü€😀',
])('an overlay lies on an image in a directory named %j', async (name) => {
  await using where = await place(name);
  for (const format of ['raw', 'qcow2'] as const) {
    const base = join(where.imagesDir, `demo/${format}.img`);
    await (format === 'raw' ? rawImage : qcow2Image)(base, 3 * MIB);
    const disk = containerDisk({
      name: format,
      source: { kind: 'containerDisk', image: `demo:${format}` },
    });
    const { file } = await prepareOne(where, disk);
    expect(await imageInfo(file)).toMatchObject({
      format: 'qcow2',
      'virtual-size': 3 * MIB,
      'full-backing-filename': base,
      'backing-filename-format': format,
    });
    await checkImage(file);
  }
});

test('what is written goes to the overlay, what is not comes from the image', async () => {
  await using where = await place();
  const base = await rawImage(join(where.imagesDir, 'demo/1.img'), 2 * MIB);
  const before = await readFile(base);
  const { file } = await prepareOne(where, containerDisk());
  await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0xab 1M 64k', file]);
  await checkImage(file);
  const flat = join(where.root, 'flat.raw');
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', file, flat]);
  const expected = Buffer.from(before);
  expected.fill(0xab, MIB, MIB + 65536);
  expect((await readFile(flat)).equals(expected)).toBe(true);
  expect((await readFile(base)).equals(before)).toBe(true);
});

test('an image that is no multiple of a sector keeps its last bytes', async () => {
  await using where = await place();
  await rawImage(join(where.imagesDir, 'demo/1.img'), MIB + 100);
  const { file } = await prepareOne(where, containerDisk());
  expect(await imageInfo(file)).toMatchObject({ 'virtual-size': MIB + 512 });
});

test('preparing again makes the overlay anew and leaves an open one alone', async () => {
  await using where = await place();
  await rawImage(join(where.imagesDir, 'demo/1.img'), MIB);
  const { file } = await prepareOne(where, containerDisk());
  await link(file, join(where.root, 'first'));
  await truncate(file, 12345);
  await prepareDisks(where, containerDisk());
  await checkImage(file);
  expect((await stat(join(where.root, 'first'))).size).toBe(12345);
});

test.for([0, -1, 0.5, Number.NaN, QCOW2_MAX_BYTES + 512])(
  'a capacity of %d is refused',
  async (capacityBytes) => {
    await using where = await place();
    const disk = aDisk({ source: { kind: 'emptyDisk', capacityBytes } });
    expect(await refusal(prepareDisks(where, disk))).toContain('disk root: a capacity of');
  },
);

test('an image path that no overlay can refer to is refused', async () => {
  await using where = await place(['x', 'y', 'z', 'a', 'b'].map((c) => c.repeat(200)).join('/'));
  await rawImage(join(where.imagesDir, 'demo/1.img'), MIB);
  expect(await refusal(prepareDisks(where, containerDisk()))).toContain('may have 1023');
});
