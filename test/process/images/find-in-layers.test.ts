/** Layers as archives hold them, honest ones and others. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findInLayers } from '../../../src/images/find-in-layers.ts';
import { type Entry, layer } from '../../support/oci-image.ts';

const MIB = 1024 * 1024;
const DISK = Buffer.from('a disk');
const OTHER = Buffer.from('another');

let dir = '';
let target = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'layers-'));
  target = join(dir, 'target');
});
afterEach(() => rmSync(dir, { recursive: true }));

function find(layers: readonly Buffer[], { path = '', limit = 100 * MIB } = {}): Promise<string> {
  const files = layers.map((bytes, index) => {
    writeFileSync(join(dir, `${index}`), bytes);
    return join(dir, `${index}`);
  });
  const budget = { limit, left: limit };
  const { signal } = new AbortController();
  return findInLayers(files, { target, budget, signal, ...(path === '' ? {} : { path }) });
}

async function refused(layers: readonly Buffer[], message: RegExp, options = {}): Promise<void> {
  await expect(find(layers, options)).rejects.toThrow(message);
  expect(existsSync(target)).toBe(false);
}

describe('the disk is found', () => {
  const files: readonly Entry[] = [
    { path: 'disk/', type: 'Directory' },
    { path: 'disk/web.img', content: DISK },
  ];
  test.for([
    ['in a plain archive', layer(...files)],
    ['packed with gzip', gzipSync(layer(...files))],
    ['packed with zstd', zstdCompressSync(layer(...files))],
    ['under a name that begins with ./', layer({ path: './disk/web.img', content: DISK })],
    ['under a name that begins with /', layer({ path: '/disk/web.img', content: DISK })],
    ['beside other files', layer({ path: 'etc/passwd', content: OTHER }, ...files)],
  ] as const)('%s', async ([, archive]) => {
    expect(await find([archive])).toBe('disk/web.img');
    expect(readFileSync(target)).toEqual(DISK);
  });

  test('in the last layer that has one', async () => {
    const lower = layer({ path: 'disk/old.img', content: OTHER });
    const top = layer({ path: 'etc/motd', content: OTHER });
    expect(await find([lower, layer(...files), top])).toBe('disk/web.img');
    expect(readFileSync(target)).toEqual(DISK);
  });

  test('by its path, wherever that is', async () => {
    const archive = layer({ path: 'boot/vmlinuz', content: DISK }, ...files);
    expect(await find([archive], { path: 'boot/vmlinuz' })).toBe('boot/vmlinuz');
  });

  test('byte for byte, and where there are only zeros it takes no room', async () => {
    const content = Buffer.alloc(8 * MIB);
    content.write('begin', 3);
    content.write('middle', 5 * MIB + 511);
    await find([gzipSync(layer({ path: 'disk/d', content }))]);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(statSync(target).blocks * 512).toBeLessThan(MIB);
  });
});

describe('what higher layers took away is not there', () => {
  const lower = layer({ path: 'disk/web.img', content: DISK });
  test.for(['disk/.wh.web.img', '.wh.disk', 'disk/.wh..wh..opq', '.wh..wh..opq'])(
    '%s',
    async (path) => {
      await refused([lower, layer({ path })], /there is no disk in it/);
      // It says nothing of its own layer and of those above.
      expect(await find([layer({ path }), lower])).toBe('disk/web.img');
    },
  );
});

describe('refused, with nothing left behind', () => {
  const plain: Entry = { path: 'disk/web.img', content: DISK };
  test.for<readonly [string, readonly Entry[], RegExp]>([
    ['no disk', [{ path: 'etc/motd', content: DISK }], /no disk in it: a container disk has one/],
    ['a disk elsewhere', [{ path: 'disk/a/b', content: DISK }], /no disk in it/],
    [
      'two disks',
      [plain, { path: 'disk/b', content: DISK }],
      /more than one file .*img and \/disk\/b/,
    ],
    ['one disk twice', [plain, plain], /\/disk\/web.img is in one layer twice/],
    [
      'a symbolic link as disk',
      [{ path: 'disk/web.img', type: 'SymbolicLink', linkpath: '/etc/shadow' }],
      /\/disk\/web.img in it is a symbolic link, not a plain file/,
    ],
    [
      'a hard link as disk',
      [{ path: 'disk/web.img', type: 'Link', linkpath: 'etc/shadow' }],
      /is a hard link/,
    ],
    [
      'a link in place of the directory',
      [{ path: 'disk', type: 'SymbolicLink', linkpath: '/etc' }, plain],
      /\/disk in it is a symbolic link/,
    ],
    ['a pipe', [{ path: 'disk/web.img', type: 'FIFO' }], /is of type FIFO/],
    [
      'a way out',
      [{ path: 'disk/../../x', content: DISK }],
      /"disk\/\.\.\/\.\.\/x", which leads out/,
    ],
    ['a sparse file', [{ path: 'disk/d', type: 'SparseFile', content: DISK }], /as a sparse file/],
    [
      'a sparse file of the newer kind',
      [{ path: 'disk/GNUSparseFile.7/d', content: DISK }],
      /\/disk\/d in it is stored as a sparse file/,
    ],
  ])('%s', async ([, entries, message]) => {
    await refused([gzipSync(layer(...entries))], message);
  });

  test('an archive that is cut short, packed or not', async () => {
    const archive = layer({ path: 'disk/d', content: Buffer.alloc(4096, 7) });
    await refused([archive.subarray(0, 2000)], /no whole tar archive/);
    const packed = gzipSync(archive);
    await refused([packed.subarray(0, packed.length - 20)], /cannot be unpacked/);
  });

  test('what is no archive', async () => {
    await refused([Buffer.alloc(4096, 'x')], /no whole tar archive/);
  });

  test('a few bytes that unpack to many, wherever in the image they are', async () => {
    const bomb = gzipSync(layer({ path: 'x', content: Buffer.alloc(20 * MIB) }));
    const disk = gzipSync(layer(plain));
    await refused([disk, bomb], /unpacks to more than 10485760 bytes/, { limit: 10 * MIB });
    const large = gzipSync(layer({ path: 'disk/d', content: Buffer.alloc(20 * MIB) }));
    await refused([large], /unpacks to more than 10485760 bytes/, { limit: 10 * MIB });
  });
});
