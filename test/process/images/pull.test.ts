import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pullImage } from '../../../src/images/pull-image.ts';
import type { PullRequest } from '../../../src/images/pull-request.ts';
import { layer, sha256, writeLayout } from '../../support/oci-image.ts';
import { LOGIN, Registry } from '../../support/registry.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
const DISK = Buffer.alloc(64 * 1024, 'a raw disk. ');

const root = mkdtempSync(join(tmpdir(), 'pull-'));
let registry: Registry;
let imagesDir = '';
let count = 0;

beforeAll(async () => {
  registry = await Registry.start(join(root, 'registry'));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  imagesDir = fresh();
});

function fresh(): string {
  const directory = join(root, `${count++}`);
  mkdirSync(directory);
  return directory;
}

/** A layout with one image. @returns the path, and the manifest's digest */
function layout(content: Uint8Array = DISK, path = 'disk/web.img') {
  const directory = fresh();
  return { directory, digest: writeLayout(directory, layer({ path, content })) };
}

/** Puts an image into the registry. @returns its reference without tag, and its manifest's digest */
async function pushed(name: string, content?: Uint8Array, path?: string) {
  const { directory, digest } = layout(content, path);
  await registry.push(directory, `${name}:1`);
  return { name: `${registry.host}/${name}`, digest };
}

interface Options extends Partial<PullRequest> {
  readonly signal?: AbortSignal;
  readonly onBytes?: () => void;
}

function pull(reference: string, options: Options = {}) {
  const { signal = new AbortController().signal, onBytes = () => {}, ...more } = options;
  const request = { reference, imagesDir, insecure: true, maxBytes: 1024 ** 3, ...more };
  return pullImage(request, { signal, onBytes, onWait: () => {} });
}

/** All files of the image directory by their names, without the places that they are kept at. */
function files(): readonly string[] {
  return readdirSync(imagesDir, { recursive: true, encoding: 'utf8' }).filter(
    (name) => statSync(join(imagesDir, name)).isFile() && !name.startsWith('_store/'),
  );
}

async function refused(attempt: Promise<unknown>, message: RegExp): Promise<void> {
  await expect(attempt).rejects.toThrow(message);
  expect(files()).toEqual([]);
}

function inDirectory(name: string): string {
  return name.replace(':', '_');
}

describe('from a registry', () => {
  test('the disk comes to where a containerDisk is looked for, and nothing else does', async () => {
    const { name } = await pushed('plain/web');
    const file = `${inDirectory(name)}/1.img`;
    expect(await pull(`${name}:1`)).toEqual({ file: join(imagesDir, file), fetched: true });
    expect(readFileSync(join(imagesDir, file)).equals(DISK)).toBe(true);
    expect(files()).toEqual([file]);
    expect(readdirSync(join(imagesDir, '.pulls'))).toEqual([]);
  });

  test('a tag that has moved is pulled anew, and who has the old disk open keeps it', async () => {
    const { name } = await pushed('moves/web');
    const { file } = await pull(`${name}:1`);
    const inode = statSync(file).ino;
    await pushed('moves/web', Buffer.alloc(4096, 'new'));
    await pull(`${name}:1`);
    expect(readFileSync(file, 'latin1').startsWith('newnew')).toBe(true);
    expect(statSync(file).ino).not.toBe(inode);
  });

  test('a digest is pulled once', async () => {
    const { name, digest } = await pushed('pinned/web');
    const reference = `${name}:1@${digest}`;
    const { file } = await pull(reference);
    expect(file).toBe(`${imagesDir}/${inDirectory(name)}/${digest.replace(':', '-')}.img`);
    expect(await pull(reference)).toEqual({ file, fetched: false });
  });

  test('a file of a path comes to where a kernel or disk with that path is looked for', async () => {
    const { name } = await pushed('boots/web', Buffer.from('a kernel'), 'boot/vmlinuz');
    const { file } = await pull(`${name}:1`, { path: '/boot/vmlinuz' });
    expect(file).toBe(`${imagesDir}/${inDirectory(name)}/1/boot/vmlinuz`);
  });

  test('what is not there', async () => {
    const { name } = await pushed('there/web');
    await refused(pull(`${name}:2`), /:2: there is no such image: .*manifest unknown/);
    await refused(pull(`${registry.host}/nothing`), /there is no such image/);
  });

  test('plain HTTP only when that is allowed', async () => {
    const { name } = await pushed('secure/web');
    await refused(pull(`${name}:1`, { insecure: false }), /the registry speaks plain HTTP/);
  });

  test('a registry that nobody serves', async () => {
    await refused(pull('127.0.0.1:1/x'), /the registry cannot be reached: .*refused/);
  });

  test.for(['cut short', 'changed'])('a layer that is %s', async (how) => {
    const { name, digest } = await pushed(
      `damaged/${how.replace(' ', '-')}`,
      Buffer.from(how.repeat(900)),
    );
    const { layers } = JSON.parse(readFileSync(registry.blob(digest.slice(7)), 'utf8'));
    const blob = registry.blob(layers[0].digest.slice(7));
    const bytes = readFileSync(blob);
    if (how === 'changed') writeFileSync(blob, bytes.fill(1, 50));
    else truncateSync(blob, bytes.length - 30);
    await refused(pull(`${name}:1`), /what came is not what its digest says: .*cut short/);
  });

  test('a manifest that is not what the digest names', async () => {
    const { name, digest } = await pushed('forged/web', Buffer.alloc(2048, 'f'));
    const blob = registry.blob(digest.slice(7));
    writeFileSync(blob, `${readFileSync(blob, 'utf8')} `);
    await refused(pull(`${name}@${digest}`), /what came is not what its digest says/);
  });

  test('more than is allowed', async () => {
    const { name } = await pushed('large/web', Buffer.alloc(4 * 1024 * 1024));
    await refused(
      pull(`${name}:1`, { maxBytes: 1024 * 1024 }),
      /unpacks to more than 1048576 bytes/,
    );
  });
});

describe('a registry that wants a login', () => {
  test('is told the credentials of the file, and without them says so', async () => {
    await using closed = await Registry.start(fresh(), { login: true });
    await closed.push(layout().directory, 'private/web:1');
    const reference = `${closed.host}/private/web:1`;
    const authFile = join(fresh(), 'auth.json');
    const nobody = JSON.stringify({ auths: {} });
    writeFileSync(authFile, nobody);
    await refused(pull(reference, { authFile }), /does not give it out without a login/);
    const auth = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64');
    writeFileSync(authFile, JSON.stringify({ auths: { [closed.host]: { auth } } }));
    expect(await pull(reference, { authFile })).toMatchObject({ fetched: true });
  });
});

describe('from a disk', () => {
  test('an archive, a layout, and a layout by its full name', async () => {
    const { directory } = layout();
    const archive = join(fresh(), 'web.tar');
    await execa('tar', ['-C', directory, '-cf', archive, '.']);
    for (const [index, from] of [archive, directory, `oci:${directory}`].entries()) {
      const { file } = await pull(`web:${index}`, { from });
      expect(readFileSync(file).equals(DISK)).toBe(true);
    }
  });

  test('it is the image that the digest names, or none', async () => {
    const { directory, digest } = layout();
    await refused(
      pull(`web@sha256:${sha256(DISK)}`, { from: directory }),
      /so it is another image/,
    );
    expect(await pull(`web@${digest}`, { from: directory })).toMatchObject({ fetched: true });
  });

  test('what is none', async () => {
    const { directory } = layout();
    const archive = join(fresh(), 'web.tar');
    await execa('tar', ['-C', directory, '-cf', archive, '.']);
    truncateSync(archive, 3000);
    await refused(pull('web', { from: archive }), /web: it is cut short/);
    await refused(pull('web', { from: fresh() }), /is no OCI layout: it has no file oci-layout/);
    await refused(pull('web', { from: '/nonexistent' }), /\/nonexistent does not exist/);
    await refused(pull('Web', { from: directory }), /"Web" is not the name of an image/);
    await refused(pull('web', { from: directory, path: '../x' }), /must not contain "\.\."/);
  });

  const backed = Buffer.alloc(64 * 1024);
  backed.write('QFI\xfb\0\0\0\x02\0\0\0\0\0\0\x02\0\0\0\0\x0b', 'latin1');
  backed.write('/etc/shadow', 512);
  test.for<readonly [string, Buffer, RegExp]>([
    [
      'compressed',
      Buffer.from('\x1f\x8b'.padEnd(600, 'x'), 'latin1'),
      /img in it is compressed with gzip/,
    ],
    ['of VMware', Buffer.from('KDMV'.padEnd(600, 'x')), /is a VMDK disk; a disk is qcow2, raw or/],
    ['empty', Buffer.alloc(0), /is empty/],
    [
      'built on a file of the host',
      backed,
      /builds on "\/etc\/shadow", which does not come with it/,
    ],
  ])('a disk that is %s', async ([, content, message]) => {
    await refused(pull('web', { from: layout(content).directory }), message);
    if (content === backed)
      await refused(
        pull('web', { from: layout(content).directory, path: 'disk/web.img' }),
        message,
      );
  });

  test('a disk under another ending is not shadowed, and shadows none', async () => {
    writeFileSync(join(imagesDir, 'web.qcow2'), 'mine');
    const attempt = pull('web', { from: layout().directory });
    await expect(attempt).rejects.toThrow(
      /web is there as .*web\.qcow2, and what was pulled would be web\/latest\.img/,
    );
    expect(files()).toEqual(['web.qcow2']);
  });

  test('a link that leads out of the image directory is not followed', async () => {
    const outside = fresh();
    symlinkSync(outside, join(imagesDir, 'web'));
    await expect(pull('web', { from: layout().directory })).rejects.toThrow(/away from the image/);
    expect(readdirSync(outside)).toEqual([]);
    rmSync(join(imagesDir, '.pulls'), { recursive: true });
    symlinkSync(outside, join(imagesDir, '.pulls'));
    const attempt = pull('db', { from: layout().directory });
    await expect(attempt).rejects.toThrow(/nothing can be put .*: \.pulls is not a directory/);
    expect(readdirSync(outside)).toEqual([]);
  });
});

test('two pulls of one image at once make one: the second waits and takes what came', async () => {
  const { name } = await pushed('twice/web', Buffer.alloc(1024 * 1024, 'twice'));
  const outcomes = await Promise.all([pull(`${name}:1`), pull(`${name}:1`), pull(`${name}:1`)]);
  expect(outcomes.map(({ fetched }) => fetched).toSorted()).toEqual([false, false, true]);
  expect(new Set(outcomes.map(({ file }) => file)).size).toBe(1);
});

test('without skopeo the error names the package', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [MAIN, 'images', 'pull', 'web'], {
    env: { PATH: '/nonexistent', SOLOVIRT_IMAGES: imagesDir, SOLOVIRT_VMS: root },
    extendEnv: false,
    reject: false,
  });
  expect(stderr).toBe(
    'error: skopeo, which fetches images, is not installed\nOn Debian it is the package skopeo: apt install skopeo',
  );
  expect(exitCode).toBe(1);
  expect(files()).toEqual([]);
});
