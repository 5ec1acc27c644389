/** Images and kernels found, a whole instance prepared and cleared away, and the ways in which that can fail. */
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { prepareInstance, removeInstanceDisks } from '../../src/qemu/prepare.ts';
import { aDisk, aSpec } from '../unit/core/qemu-args/builders.ts';
import {
  containerDisk,
  hostDisk,
  imageInfo,
  MIB,
  type Place,
  place,
  prepareDisks,
  prepareOne,
  qcow2Image,
  rawImage,
  refusal,
} from './prepare-support.ts';

describe('container disks', () => {
  test('a read-only disk and a CD-ROM use the image itself', async () => {
    await using where = await place();
    const base = await qcow2Image(join(where.imagesDir, 'demo/1.qcow2'), MIB);
    const iso = await rawImage(join(where.imagesDir, 'cd/1.iso'), MIB);
    const { disks } = await prepareDisks(
      where,
      containerDisk({ readonly: true }),
      containerDisk({
        name: 'cd',
        device: 'cdrom',
        source: { kind: 'containerDisk', image: 'cd:1' },
      }),
    );
    expect(disks).toMatchObject([
      { name: 'root', file: base, format: 'qcow2', readonly: true },
      { name: 'cd', file: iso, format: 'raw', readonly: true },
    ]);
    expect(await readdir(where.instanceDir)).toEqual([]);
  });

  test('the content decides about the format, not the name', async () => {
    await using where = await place();
    const base = await rawImage(join(where.imagesDir, 'demo/1.qcow2'), MIB);
    const { file } = await prepareOne(where, containerDisk());
    expect(await imageInfo(file)).toMatchObject({
      'full-backing-filename': base,
      'backing-filename-format': 'raw',
    });
  });

  test('an image may be a link to another place', async () => {
    await using where = await place();
    const elsewhere = await qcow2Image(join(where.root, 'elsewhere.qcow2'), MIB);
    await mkdir(join(where.imagesDir, 'demo'));
    await symlink(elsewhere, join(where.imagesDir, 'demo/1.qcow2'));
    const { file } = await prepareOne(where, containerDisk());
    expect(await imageInfo(file)).toMatchObject({ 'virtual-size': MIB });
  });

  test('a path names a file inside the image', async () => {
    await using where = await place();
    const inner = await rawImage(join(where.imagesDir, 'demo/1/disks/b.img'), MIB);
    const { file } = await prepareOne(where, containerDisk({ readonly: true }, '/disks/b.img'));
    expect(file).toBe(inner);
  });

  test('a missing image: the message names every place and where to put it', async () => {
    await using where = await place();
    const message = await refusal(prepareDisks(where, containerDisk()));
    expect(message).toContain('disk root: the image demo:1 is not in the image directory');
    expect(message).toContain(`put it at ${where.imagesDir}/demo/1.qcow2`);
    for (const name of ['demo/1.img', 'demo/1.raw', 'demo/1.iso', 'demo/1/disk.qcow2'])
      expect(message).toContain(` ${name},`);
    expect(message).toContain(` in ${where.imagesDir})`);
  });

  test.for([
    ['../../etc/passwd', undefined],
    ['demo:1', '../../../etc/passwd'],
  ] as const)('%s with the path %s leads nowhere', async ([image, path]) => {
    await using where = await place();
    const source = {
      kind: 'containerDisk',
      image,
      ...(path === undefined ? {} : { path }),
    } as const;
    expect(await refusal(prepareDisks(where, aDisk({ source })))).toContain(
      'does not name an image',
    );
  });

  const wrong: readonly [string, (path: string) => Promise<unknown>, string][] = [
    ['a directory', (path) => mkdir(path), 'is a directory, not a file'],
    ['a named pipe', (path) => execa('mkfifo', [path]), 'is a named pipe'],
    ['an empty file', (path) => writeFile(path, ''), 'is empty'],
    ['a link in circles', (path) => symlink(path, path), 'symbolic links go in circles'],
  ];
  test.for(wrong)('in place of an image %s is refused', async ([, make, words]) => {
    await using where = await place();
    const path = join(where.imagesDir, 'demo/1.qcow2');
    await mkdir(join(where.imagesDir, 'demo'));
    await make(path);
    const message = await refusal(prepareDisks(where, containerDisk()));
    expect(message).toContain(path);
    expect(message).toContain(words);
  });

  test('an image that may not be read is named', async () => {
    await using where = await place();
    const path = await rawImage(join(where.imagesDir, 'demo/1.img'), MIB);
    const message = await asNobody(where, () => refusal(prepareDisks(where, containerDisk())));
    expect(message).toBe(`disk root: cannot read ${path}: permission denied`);
  });
});

/** Without the rights of root, who may read everything: the directories stay reachable, files do not. */
async function asNobody<T>(where: Place, act: () => Promise<T>): Promise<T> {
  await execa('chmod', ['a+rx', join(where.root, '..'), where.root]);
  await execa('chmod', ['-R', 'a+rX', where.root]);
  await execa('find', [where.imagesDir, '-type', 'f', '-exec', 'chmod', '000', '{}', '+']);
  if (process.getuid?.() !== 0) return await act();
  process.seteuid?.(65534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('kernels', () => {
  const kernel = (source: NonNullable<Parameters<typeof aSpec>[0]>['kernelBoot']) =>
    aSpec(source === undefined ? {} : { kernelBoot: source });

  test.for([
    [{ kind: 'files', kernelPath: 'k/vmlinuz', initrdPath: 'k/initrd' }, 'k'],
    [{ kind: 'container', image: 'k:2', kernelPath: '/vmlinuz', initrdPath: '/initrd' }, 'k/2'],
  ] as const)('%j lies in %s', async ([source, dir]) => {
    await using where = await place();
    const kernelPath = await rawImage(join(where.imagesDir, dir, 'vmlinuz'), 100);
    const initrdPath = await rawImage(join(where.imagesDir, dir, 'initrd'), 100);
    const prepared = await prepareInstance(kernel({ source, kernelArgs: '' }), where);
    expect(prepared.kernel).toEqual({ kernelPath, initrdPath });
  });

  test.for([
    [{ kind: 'files', kernelPath: 'vmlinuz' }, 'kernel: there is no file'],
    [{ kind: 'files', kernelPath: '../vmlinuz' }, 'names no file of the image directory'],
    [{ kind: 'files', kernelPath: 'a/../../vmlinuz' }, 'names no file of the image directory'],
    [{ kind: 'files', kernelPath: '.' }, 'names no file of the image directory'],
    [{ kind: 'files', kernelPath: 'dir' }, 'dir is a directory'],
    [{ kind: 'files', kernelPath: 'good', initrdPath: 'no' }, 'initrd: there is no file'],
    [{ kind: 'container', image: 'k:2', initrdPath: '/initrd' }, 'an initrd alone does not boot'],
    [{ kind: 'container', image: 'k:2', kernelPath: '/../../x' }, 'names no file'],
  ] as const)('%j is refused: %s', async ([source, words]) => {
    await using where = await place();
    await rawImage(join(where.root, 'vmlinuz'), 100);
    await rawImage(join(where.imagesDir, 'good'), 100);
    await mkdir(join(where.imagesDir, 'dir'));
    const preparing = prepareInstance(kernel({ source, kernelArgs: '' }), where);
    expect(await refusal(preparing)).toContain(words);
  });
});

describe('a whole instance', () => {
  test('has its disks in the order of the spec, and all faults in one message', async () => {
    await using where = await place();
    await rawImage(join(where.imagesDir, 'demo/1.img'), MIB);
    const scratch = aDisk({ name: 'b', source: { kind: 'emptyDisk', capacityBytes: MIB } });
    const { disks } = await prepareDisks(where, containerDisk({ name: 'a' }), scratch);
    expect(disks.map(({ name }) => name)).toEqual(['a', 'b']);
    const message = await refusal(
      prepareInstance(
        aSpec({
          disks: [
            hostDisk('/no/a', undefined, { name: 'x' }),
            hostDisk('y', undefined, { name: 'y' }),
          ],
          kernelBoot: { source: { kind: 'files', kernelPath: 'vmlinuz' }, kernelArgs: '' },
        }),
        where,
      ),
    );
    for (const words of ['disk x: ', 'disk y: ', 'kernel: ']) expect(message).toContain(words);
  });

  test.for(['../escape', 'a/b', '', 'nul\0'])('a disk named %j makes no file', async (name) => {
    await using where = await place();
    const disk = aDisk({ name, source: { kind: 'emptyDisk', capacityBytes: MIB } });
    expect(await refusal(prepareDisks(where, disk))).toContain('cannot be the name of a file');
    expect(await readdir(where.root)).toEqual(['images', 'instance']);
  });

  test('stops when it is told to', async () => {
    await using where = await place();
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    const preparing = prepareInstance(aSpec(), { ...where, signal });
    await expect(preparing).rejects.toThrow('no longer wanted');
  });

  test('loses its own disks at the end, and nothing else', async () => {
    await using where = await place();
    const image = await rawImage(join(where.imagesDir, 'demo/1.img'), MIB);
    const host = await rawImage(join(where.root, 'host.qcow2'), MIB);
    await prepareDisks(where, containerDisk(), hostDisk(host, undefined, { name: 'host' }));
    await writeFile(join(where.instanceDir, 'events.jsonl'), '');
    await writeFile(join(where.instanceDir, 'root.qcow2.unfinished'), '');
    await removeInstanceDisks(where.instanceDir);
    expect(await readdir(where.instanceDir)).toEqual(['events.jsonl']);
    for (const path of [image, host]) expect((await stat(path)).size).toBe(MIB);
    await removeInstanceDisks(where.instanceDir);
    await removeInstanceDisks(join(where.root, 'gone'));
  });
});
