/** Disks that are made from something: what they hold, and that there is never half of one. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { execa, execaSync } from 'execa';
import { expect, test } from 'vitest';
import { claimBytes, growClaim } from '../../src/qemu/claim-size.ts';
import { type MadeContents, makeDataVolume, takeUpload } from '../../src/qemu/data-volume.ts';
import { type FileServer, serveFile } from './http-source.ts';
import {
  checkImage,
  imageInfo,
  MIB,
  type Place,
  place,
  qcow2Image,
  rawImage,
  refusal,
} from './prepare-support.ts';

const VM = { namespace: 'default', name: 'web' };

interface Made {
  readonly path: string;
  readonly progress: readonly string[];
}

async function make(
  where: Place,
  contents: MadeContents,
  options: { readonly sizeBytes?: number; readonly signal?: AbortSignal } = {},
): Promise<Made> {
  const { signal = AbortSignal.timeout(30_000), ...size } = options;
  const progress: string[] = [];
  await makeDataVolume(
    VM,
    { name: 'root', contents, ...size },
    {
      ...where,
      signal,
      onProgress: (words) => progress.push(words),
      bring: (image) => bring(where, image),
    },
  );
  return { path: join(where.imagesDir, '_claims/default/root.qcow2'), progress };
}

/** An image that is in the image directory under its name already. */
async function bring({ imagesDir }: Place, image: string): Promise<string> {
  return await rawImage(join(imagesDir, `${image}.img`), MIB);
}

/** What the guest would read. */
async function rawBytes(path: string): Promise<Buffer> {
  const raw = `${path}.raw`;
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', path, raw]);
  return await readFile(raw);
}

function names(where: Place): Promise<readonly string[]> {
  return readdir(join(where.imagesDir, '_claims/default'));
}

function http({ url }: FileServer, sha256?: string): MadeContents {
  return { kind: 'http', url, ...(sha256 === undefined ? {} : { sha256 }) };
}

test('a blank disk has its size', async () => {
  await using where = await place();
  const { path } = await make(where, { kind: 'blank' }, { sizeBytes: 3 * MIB });
  expect(await imageInfo(path)).toMatchObject({ format: 'qcow2', 'virtual-size': 3 * MIB });
  await checkImage(path);
});

test.for(['qcow2', 'img'] as const)(
  'a copy of a %s claim stands alone, and may be larger',
  async (ending) => {
    await using where = await place();
    const source = join(where.imagesDir, `_claims/base/debian.${ending}`);
    await (ending === 'qcow2' ? qcow2Image : rawImage)(source, MIB);
    await execa('qemu-io', [
      '-f',
      ending === 'img' ? 'raw' : ending,
      '-c',
      'write -P 7 64k 4k',
      source,
    ]);
    const contents = { kind: 'claim', namespace: 'base', claim: 'debian' } as const;
    const { path } = await make(where, contents, { sizeBytes: 2 * MIB });
    const info = await imageInfo(path);
    expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': 2 * MIB });
    expect(info['backing-filename-format']).toBeUndefined();
    const bytes = await rawBytes(path);
    expect(bytes.subarray(65536, 65536 + 4096).every((byte) => byte === 7)).toBe(true);
  },
);

test('the disk of a container image is copied, and may be larger', async () => {
  await using where = await place();
  const { path } = await make(where, { kind: 'registry', image: 'web' }, { sizeBytes: 3 * MIB });
  expect(await imageInfo(path)).toMatchObject({ format: 'qcow2', 'virtual-size': 3 * MIB });
});

test.for(['qcow2', 'img'] as const)(
  'a %s claim is grown in place, with what is on it',
  async (ending) => {
    await using where = await place();
    const file = join(where.imagesDir, `_claims/default/data.${ending}`);
    const format = ending === 'img' ? 'raw' : ending;
    await (ending === 'qcow2' ? qcow2Image : rawImage)(file, MIB);
    await execa('qemu-io', ['-f', format, '-c', 'write -P 7 64k 4k', file]);
    expect(claimBytes(where.imagesDir, VM, 'data')).toBe(MIB);
    const options = { ...where, signal: AbortSignal.timeout(30_000), onProgress: () => {} };
    await growClaim(VM, 'data', 3 * MIB, options);
    expect(claimBytes(where.imagesDir, VM, 'data')).toBe(3 * MIB);
    await execa('qemu-io', ['-f', format, '-c', 'read -P 7 64k 4k', '-c', 'read -P 0 1M 2M', file]);
    expect(claimBytes(where.imagesDir, VM, 'none')).toBeUndefined();
  },
);

test.for([
  ['raw', (image: Buffer) => image],
  ['packed', (image: Buffer) => gzipSync(image)],
] as const)('what is sent %s becomes a disk', async ([, pack]) => {
  await using where = await place();
  const image = randomBytes(MIB);
  const path = await send(where, [pack(image)], 2 * MIB);
  const bytes = await rawBytes(path);
  expect(bytes.subarray(0, MIB).equals(image)).toBe(true);
  expect(bytes).toHaveLength(2 * MIB);
});

test('what is sent and is no disk, builds on another file, or breaks off makes none', async () => {
  await using where = await place();
  const evil = join(where.root, 'evil.qcow2');
  await rawImage(join(where.imagesDir, 'base.img'), MIB);
  const base = ['-b', join(where.imagesDir, 'base.img'), '-F', 'raw'];
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', ...base, evil]);
  expect(await refusal(send(where, [await readFile(evil)]))).toContain('builds on another file');
  const page = Buffer.from('<!DOCTYPE html><title>Sign in</title>');
  expect(await refusal(send(where, [page]))).toContain('is a web page');
  expect(await refusal(send(where, [Buffer.from('a note\n')]))).toContain('is only 7 bytes long');
  const whole = join(where.root, 'whole.qcow2');
  await writeFile(`${whole}.raw`, randomBytes(MIB));
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', `${whole}.raw`, whole]);
  const cut = (await readFile(whole)).subarray(0, MIB / 2);
  expect(await refusal(send(where, [cut]))).toContain('a damaged qcow2');
  await expect(send(where, brokenOff())).rejects.toThrow('hung up');
  expect(await names(where)).toEqual([]);
});

async function* brokenOff(): AsyncGenerator<Buffer> {
  yield await Promise.resolve(randomBytes(MIB));
  throw new Error('hung up');
}

async function send(
  where: Place,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  sizeBytes?: number,
): Promise<string> {
  const signal = AbortSignal.timeout(30_000);
  const options = { ...where, sizeBytes, signal, onProgress: () => {} };
  return await takeUpload(VM, 'root', Readable.from(content), options);
}

test('no claim is grown that somebody has', async () => {
  await using where = await place();
  const file = await qcow2Image(join(where.imagesDir, '_claims/default/data.qcow2'), MIB);
  const holder = execa('qemu-io', ['-f', 'qcow2', file]);
  await once(holder.stdout, 'data');
  const options = { ...where, signal: AbortSignal.timeout(30_000), onProgress: () => {} };
  expect(await refusal(growClaim(VM, 'data', 3 * MIB, options))).toMatch(/lock/);
  holder.stdin.end();
  await holder;
  expect(claimBytes(where.imagesDir, VM, 'data')).toBe(MIB);
});

test('what does not fit is refused, and nothing is left', async () => {
  await using where = await place();
  await rawImage(join(where.imagesDir, '_claims/base/debian.img'), 2 * MIB);
  const contents = { kind: 'claim', namespace: 'base', claim: 'debian' } as const;
  expect(await refusal(make(where, contents, { sizeBytes: MIB }))).toContain(
    'is less than the 2097152 bytes',
  );
  expect(await names(where)).toEqual([]);
});

test('a download becomes a disk, and its progress is told', async () => {
  await using where = await place();
  const image = randomBytes(2 * MIB);
  await using server = await serveFile(image);
  const sha256 = createHash('sha256').update(image).digest('hex');
  const { path, progress } = await make(where, http(server, sha256));
  expect((await rawBytes(path)).equals(image)).toBe(true);
  expect(progress).toContain('100 % of 2 MiB downloaded');
  expect(progress.some((words) => words.endsWith('% copied'))).toBe(true);
  expect((await names(where)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a download that broke off goes on where it ended', async () => {
  await using where = await place();
  const image = randomBytes(2 * MIB);
  await using server = await serveFile(image);
  server.breakAfter = MIB;
  expect(await refusal(make(where, http(server)))).toContain('cannot download http://127.0.0.1');
  expect((await names(where)).filter((name) => !name.startsWith('.'))).toEqual([]);
  server.breakAfter = undefined;
  const { path } = await make(where, http(server));
  expect(server.ranges[0]).toBeUndefined();
  expect(server.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  expect((await rawBytes(path)).equals(image)).toBe(true);
});

test('a download of a file that has changed meanwhile begins anew', async () => {
  await using where = await place();
  await using server = await serveFile(randomBytes(2 * MIB));
  server.breakAfter = MIB;
  await refusal(make(where, http(server)));
  Object.assign(server, { breakAfter: undefined, etag: '"2"', contents: randomBytes(2 * MIB) });
  const { path } = await make(where, http(server));
  expect((await rawBytes(path)).equals(server.contents)).toBe(true);
});

test('what was downloaded whole is not downloaded again when it did not fit', async () => {
  await using where = await place();
  const image = randomBytes(2 * MIB);
  await using server = await serveFile(image);
  const refused = await refusal(make(where, http(server), { sizeBytes: MIB }));
  expect(refused).toContain('is less than the 2097152 bytes');
  const { path } = await make(where, http(server));
  expect(server.ranges).toEqual([undefined, `bytes=${2 * MIB}-`]);
  expect((await rawBytes(path)).equals(image)).toBe(true);
});

test.for([
  ['another checksum', {}, '0'.repeat(64), 'is not what was expected: its SHA-256 is '],
  ['no file', { status: 404 }, undefined, 'the server answers 404'],
  ['an empty file', { contents: Buffer.of() }, undefined, 'is empty'],
] as const)('%s makes no disk', async ([, trouble, sha256, message]) => {
  await using where = await place();
  await using server = await serveFile(randomBytes(MIB));
  Object.assign(server, trouble);
  expect(await refusal(make(where, http(server, sha256)))).toContain(message);
  expect((await names(where)).filter((name) => !name.startsWith('.'))).toEqual([]);
});

test.for([
  ['gzip', (image: Buffer) => gzipSync(image)],
  ['zstd', (image: Buffer) => zstdCompressSync(image)],
  ['xz', (image: Buffer) => execaSync('xz', ['-c'], { input: image, encoding: 'buffer' }).stdout],
] as const)('an image that is packed with %s is unpacked', async ([, pack]) => {
  await using where = await place();
  const image = randomBytes(MIB);
  await using server = await serveFile(Buffer.from(pack(image)));
  const { path } = await make(where, http(server), { sizeBytes: MIB });
  expect((await rawBytes(path)).equals(image)).toBe(true);
  expect(await names(where)).toEqual(['root.qcow2', 'root.qcow2.raw']);
});

test.for([
  ['what is cut off', gzipSync(randomBytes(MIB)).subarray(0, MIB / 2), 'cannot be unpacked (gzip)'],
  ['another format', Buffer.from(`KDMV${'\0'.repeat(1020)}`), 'is a VMDK disk'],
  ['an archive', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar')]), 'is a tar archive'],
  [
    'an archive in a package',
    gzipSync(Buffer.concat([Buffer.alloc(257), Buffer.from('ustar')])),
    'is a tar archive',
  ],
  ['an error page', Buffer.from('<!DOCTYPE html><title>Sign in</title>'), 'is a web page'],
] as const)('%s makes no disk of its bytes', async ([, contents, message]) => {
  await using where = await place();
  await using server = await serveFile(contents);
  expect(await refusal(make(where, http(server)))).toContain(message);
  expect((await names(where)).filter((name) => !name.startsWith('.root.qcow2.download'))).toEqual(
    [],
  );
});

test('an image from elsewhere that builds on a file of this host is refused', async () => {
  await using where = await place();
  const secret = join(where.root, 'secret');
  await writeFile(secret, randomBytes(MIB));
  const evil = join(where.root, 'evil.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', secret, '-F', 'raw', evil]);
  await using server = await serveFile(await readFile(evil));
  const open = { ...where, diskRoots: [] };
  expect(await refusal(make(open, http(server)))).toContain('is away from the image directory');
  // Not even of where disks may lie: they are other guests'.
  expect(await refusal(make(where, http(server)))).toContain('builds on another file');
  expect((await names(where)).filter((name) => !name.startsWith('.'))).toEqual([]);
});

test('a disk that somebody puts there meanwhile stays', async () => {
  await using where = await place();
  await using server = await serveFile(randomBytes(MIB));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.gate = promise;
  const made = make(where, http(server));
  while (server.ranges.length === 0) await new Promise((next) => setTimeout(next, 5));
  const path = await qcow2Image(join(where.imagesDir, '_claims/default/root.qcow2'), 5 * MIB);
  resolve();
  await made;
  expect(await imageInfo(path)).toMatchObject({ 'virtual-size': 5 * MIB });
  expect(await names(where)).toEqual(['root.qcow2']);
});

test('what is broken off leaves no disk', async () => {
  await using where = await place();
  await using server = await serveFile(randomBytes(MIB));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.gate = promise;
  const abort = new AbortController();
  const made = make(where, http(server), { signal: abort.signal });
  const failed = expect(made).rejects.toThrow('enough');
  while (server.ranges.length === 0) await new Promise((next) => setTimeout(next, 5));
  abort.abort(new Error('enough'));
  await failed;
  resolve();
  expect((await names(where)).filter((name) => !name.startsWith('.'))).toEqual([]);
});
