/** Prepared disks in a real QEMU: it opens exactly the files that were prepared, and writes only where it may. */
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { DiskSpec } from '../../src/core/model/storage.ts';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { prepareInstance } from '../../src/qemu/prepare.ts';
import { aDisk, anInput, aSpec, UID } from '../unit/core/qemu-args/builders.ts';
import { type LiveQemu, launch, makeInstanceDirs, tempDir } from './args-support.ts';

const MIB = 1024 * 1024;

interface Inserted {
  readonly 'node-name': string;
  readonly file: string;
  readonly ro: boolean;
  readonly drv: string;
  readonly image: { readonly 'backing-image'?: { readonly filename: string; format: string } };
}

async function launchPrepared(
  disks: readonly DiskSpec[],
  imagesDir: string,
  paths: InstancePaths,
): Promise<LiveQemu> {
  const spec = aSpec({ disks });
  await makeInstanceDirs(paths);
  const prepared = await prepareInstance(spec, {
    vm: { namespace: 'default', name: 'web' },
    values: () => undefined,
    imagesDir,
    diskRoots: ['/'],
    instanceDir: paths.dir,
  });
  return await launch(anInput({ spec, paths, ...prepared }));
}

async function insertedDisks(qemu: LiveQemu): Promise<readonly Inserted[]> {
  const blocks = (await qemu.execute('query-block')) as readonly { inserted: Inserted }[];
  const byNode = (a: Inserted, b: Inserted) => (a['node-name'] < b['node-name'] ? -1 : 1);
  return blocks.map(({ inserted }) => inserted).sort(byNode);
}

test.for(['plain', 'a,b=c,,d', 'json:{"driver":"null-co"}', 'nbd:x "y" \'z\'', 'new\nline ü'])(
  'in a directory named %j, QEMU opens what was prepared',
  async (name) => {
    await using temp = await tempDir();
    const images = join(temp.path, name, 'images');
    await mkdir(join(images, 'demo'), { recursive: true });
    const base = join(images, 'demo/1.img');
    await writeFile(base, Buffer.alloc(MIB, 'x'));
    const host = join(temp.path, name, 'host.img');
    const paths = instancePaths(join(temp.path, name), join(temp.path, 'r'), UID);
    const image = { kind: 'containerDisk', image: 'demo:1' } as const;
    await using qemu = await launchPrepared(
      [
        aDisk({ name: 'overlay', source: image }),
        aDisk({ name: 'itself', source: image, readonly: true }),
        aDisk({ name: 'cd', source: image, device: 'cdrom', bus: 'sata', readonly: true }),
        aDisk({ name: 'scratch', source: { kind: 'emptyDisk', capacityBytes: MIB } }),
        aDisk({
          name: 'host',
          source: { kind: 'hostDisk', path: host, create: true, capacityBytes: MIB },
        }),
      ],
      images,
      paths,
    );
    const inserted = await insertedDisks(qemu);
    expect(inserted.map(({ file, ro, drv }) => ({ file, ro, drv }))).toEqual([
      { file: join(paths.dir, 'overlay.qcow2'), ro: false, drv: 'qcow2' },
      { file: base, ro: true, drv: 'raw' },
      { file: base, ro: true, drv: 'raw' },
      { file: join(paths.dir, 'scratch.qcow2'), ro: false, drv: 'qcow2' },
      { file: host, ro: false, drv: 'raw' },
    ]);
    expect(inserted[0]?.image['backing-image']).toMatchObject({ filename: base, format: 'raw' });
    const write = { 'command-line': 'qemu-io d0 "write -P 0 0 64k"' };
    expect(await qemu.execute('human-monitor-command', write)).not.toContain('fail');
    expect((await readFile(base)).equals(Buffer.alloc(MIB, 'x'))).toBe(true);
  },
);

test('a block device of the host is a disk', async ({ skip }) => {
  await using temp = await tempDir();
  const file = join(temp.path, 'device.img');
  await writeFile(file, '');
  await truncate(file, 4 * MIB);
  const loop = await execa('losetup', ['--find', '--show', file], { reject: false });
  if (loop.failed) skip('making a block device needs root');
  try {
    const paths = instancePaths(join(temp.path, 's'), join(temp.path, 'r'), UID);
    const images = join(temp.path, 'images');
    await mkdir(images);
    await execa('ln', ['-s', loop.stdout, join(images, 'lv.img')]);
    // One after the other: an image that is written to is no base for anybody.
    for (const source of [
      { kind: 'hostDisk', path: loop.stdout, create: false },
      { kind: 'containerDisk', image: 'lv' },
    ] as const) {
      await using qemu = await launchPrepared([aDisk({ source })], images, paths);
      const [inserted] = await insertedDisks(qemu);
      expect(inserted).toMatchObject({ image: { 'virtual-size': 4 * MIB } });
      if (source.kind === 'hostDisk') expect(inserted).toMatchObject({ file: loop.stdout });
    }
  } finally {
    await execa('losetup', ['--detach', loop.stdout]);
  }
});

test('two QEMUs never write one disk', async () => {
  await using temp = await tempDir();
  const host = {
    kind: 'hostDisk',
    path: join(temp.path, 'd.img'),
    create: true,
    capacityBytes: MIB,
  } as const;
  const disks = [aDisk({ source: host })];
  const first = instancePaths(join(temp.path, 's'), join(temp.path, 'r1'), UID);
  const second = instancePaths(join(temp.path, 't'), join(temp.path, 'r2'), UID);
  await using _first = await launchPrepared(disks, temp.path, first);
  await expect(launchPrepared(disks, temp.path, second)).rejects.toThrow(
    'Failed to get "write" lock',
  );
});
