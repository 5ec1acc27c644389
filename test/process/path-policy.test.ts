/** What guests are lent of the host's files: nothing outside the roots, by whatever way a path leads there. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { prepareInstance } from '../../src/qemu/prepare.ts';
import { aDisk, aSpec } from '../unit/core/qemu-args/builders.ts';
import {
  containerDisk,
  hostDisk,
  MIB,
  type Place,
  place,
  prepareOne,
  qcow2Image,
  rawImage,
  refusal,
} from './prepare-support.ts';

/** A place where only the image directory may be used, and a file outside. */
async function ground(): Promise<Place & { readonly outside: string }> {
  const where = await place();
  const outside = await rawImage(join(where.root, 'outside.img'), MIB);
  return { ...where, diskRoots: [], outside };
}

async function overlayOn(path: string, backing: string, format = 'raw'): Promise<void> {
  await execa('qemu-img', [
    'create',
    '-q',
    '-u',
    '-f',
    'qcow2',
    '-b',
    backing,
    '-F',
    format,
    path,
    '1M',
  ]);
}

describe('a host disk', () => {
  test('in the image directory or in a root is used by its real path', async () => {
    await using g = await ground();
    const inside = await rawImage(join(g.imagesDir, 'a.img'), MIB);
    expect((await prepareOne(g, hostDisk(inside))).file).toBe(inside);
    const link = join(g.imagesDir, 'link.img');
    await symlink(inside, link);
    expect((await prepareOne(g, hostDisk(link))).file).toBe(inside);
    const rooted = { ...g, diskRoots: [g.root] };
    expect((await prepareOne(rooted, hostDisk(g.outside))).file).toBe(g.outside);
    expect((await prepareOne({ ...g, diskRoots: ['/'] }, hostDisk(g.outside))).file).toBe(
      g.outside,
    );
  });

  test('outside is refused, whether it exists or not, and nothing is made', async () => {
    await using g = await ground();
    const words = `is away from the image directory ${g.imagesDir}`;
    expect(await refusal(prepareOne(g, hostDisk(g.outside)))).toContain(`${g.outside} ${words}`);
    const fresh = join(g.root, 'fresh.img');
    expect(await refusal(prepareOne(g, hostDisk(fresh, MIB)))).toContain(`${fresh} ${words}`);
    await expect(execa('test', ['-e', fresh])).rejects.toThrow();
  });

  test('behind a link out of the image directory is refused, and told where it leads', async () => {
    await using g = await ground();
    const link = join(g.imagesDir, 'link.img');
    await symlink(g.outside, link);
    expect(await refusal(prepareOne(g, hostDisk(link)))).toContain(`${link} leads to ${g.outside}`);
    await symlink(g.root, join(g.imagesDir, 'dir'));
    const behind = join(g.imagesDir, 'dir', 'new.img');
    expect(await refusal(prepareOne(g, hostDisk(behind, MIB)))).toContain(`leads to ${g.root}`);
  });

  test('in a directory whose name only begins like a root is refused', async () => {
    await using g = await ground();
    const near = await rawImage(`${g.imagesDir}-more/a.img`, MIB);
    expect(await refusal(prepareOne(g, hostDisk(near)))).toContain('is away from');
  });

  test('that is written through a backing file lends that one only if it may be used', async () => {
    await using g = await ground();
    const disk = join(g.imagesDir, 'data.qcow2');
    await overlayOn(disk, g.outside);
    expect(await refusal(prepareOne(g, hostDisk(disk)))).toContain(`${g.outside} is away from`);
  });
});

describe('an image', () => {
  test('behind a link that leads out is refused', async () => {
    await using g = await ground();
    await mkdir(join(g.imagesDir, 'demo'));
    await symlink(g.outside, join(g.imagesDir, 'demo/1.img'));
    expect(await refusal(prepareOne(g, containerDisk()))).toContain(`leads to ${g.outside}`);
  });

  test('that builds on others lends the whole chain', async () => {
    await using g = await ground();
    await mkdir(join(g.imagesDir, 'demo'));
    const bottom = await rawImage(join(g.imagesDir, 'bottom.img'), MIB);
    const middle = join(g.imagesDir, 'middle.qcow2');
    await overlayOn(middle, 'bottom.img');
    const top = join(g.imagesDir, 'demo/1.qcow2');
    await overlayOn(top, '../middle.qcow2', 'qcow2');
    expect((await prepareOne(g, containerDisk())).below).toEqual([top, middle, bottom]);
    expect((await prepareOne(g, containerDisk({ readonly: true }))).below).toEqual([
      middle,
      bottom,
    ]);
  });

  test.for([
    ['a file outside', '/etc/hostname', '/etc/hostname is away from'],
    ['a file outside, by a relative name', '../../outside.img', 'outside.img is away from'],
    ['a file that is not there', 'gone.img', 'which does not exist'],
    ['a server', 'nbd://localhost:1/x', 'which is not a file'],
    [
      'a description of a driver',
      'json:{"driver":"file","filename":"/etc/shadow"}',
      'which is not a file',
    ],
    ['itself', '1.qcow2', 'builds on itself'],
  ] as const)('that builds on %s is refused', async ([, backing, words]) => {
    await using g = await ground();
    await mkdir(join(g.imagesDir, 'demo'));
    await overlayOn(join(g.imagesDir, 'demo/1.qcow2'), backing, 'qcow2');
    expect(await refusal(prepareOne(g, containerDisk()))).toContain(words);
  });

  test('whose data lies in another file is refused', async () => {
    await using g = await ground();
    await mkdir(join(g.imagesDir, 'demo'));
    const path = join(g.imagesDir, 'demo/1.qcow2');
    await execa('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-o',
      `data_file=${g.outside}`,
      path,
      '1M',
    ]);
    expect(await refusal(prepareOne(g, containerDisk()))).toContain(
      'keeps its data in another file',
    );
  });

  test('without anything below stands alone', async () => {
    await using g = await ground();
    await qcow2Image(join(g.imagesDir, 'demo/1.qcow2'), MIB);
    expect((await prepareOne(g, containerDisk({ readonly: true }))).below).toBeUndefined();
  });
});

test('a kernel behind a link that leads out is refused', async () => {
  await using g = await ground();
  await writeFile(join(g.imagesDir, 'initrd'), 'x');
  await symlink('/etc/hostname', join(g.imagesDir, 'vmlinuz'));
  const source = { kind: 'files', kernelPath: 'vmlinuz', initrdPath: 'initrd' } as const;
  const spec = aSpec({ disks: [], kernelBoot: { source, kernelArgs: '' } });
  expect(await refusal(prepareInstance(spec, g))).toContain('kernel: ');
  expect(await refusal(prepareInstance(spec, g))).toContain('leads to /etc/hostname');
});

test('a disk named like a way out cannot be asked for', async () => {
  await using g = await ground();
  const disk = aDisk({ name: '../x', source: { kind: 'emptyDisk', capacityBytes: MIB } });
  expect(await refusal(prepareOne(g, disk))).toContain('cannot be the name of a file');
});
