/** What is cleared away of an image directory, and what never is. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readUsers } from '../../../src/images/image-users.ts';
import { pruneImages } from '../../../src/images/prune-images.ts';
import { pullImage } from '../../../src/images/pull-image.ts';
import { tinyVm } from '../../e2e/manifests.ts';
import { layer, writeLayout } from '../../support/oci-image.ts';

const KIB = 1024;
const DAY_MS = 86_400_000;

let root = '';
let imagesDir = '';
let vmsDir = '';
let stateDir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'prune-'));
  [imagesDir, vmsDir, stateDir] = ['images', 'vms', 'state'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [imagesDir, vmsDir]) mkdirSync(directory);
});
afterEach(() => rmSync(root, { recursive: true }));

/** An image of its own, pulled under these names. @returns where it is kept */
async function pulled(content: string, ...references: readonly string[]): Promise<string> {
  const from = join(root, `layout-${content}`);
  const bytes = Buffer.alloc(64 * KIB, content);
  const digest = writeLayout(from, layer({ path: 'disk/web.img', content: bytes }));
  const { signal } = new AbortController();
  const watcher = { signal, onBytes: () => {}, onWait: () => {} };
  for (const reference of references)
    await pullImage({ reference, imagesDir, from, insecure: false, maxBytes: KIB ** 2 }, watcher);
  return join(imagesDir, '_store', digest.replace(':', '-'));
}

function put(file: string, bytes = 4 * KIB): string {
  const path = join(imagesDir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes, 'x'));
  return path;
}

function vm(name: string, volume: string): void {
  const text = tinyVm(name, { strategy: 'Halted' });
  writeFileSync(join(vmsDir, `${name}.yaml`), text.replace(/containerDisk: .*/, volume));
}

async function prune(options: { readonly all?: boolean; readonly dryRun?: boolean } = {}) {
  const users = await readUsers(vmsDir, imagesDir, stateDir);
  const { signal } = new AbortController();
  const now = Date.now();
  return await pruneImages({
    ...{ imagesDir, users, signal, now, all: false, dryRun: false },
    ...options,
  });
}

async function files(options: Parameters<typeof prune>[0] = {}): Promise<readonly string[]> {
  return (await prune(options)).map(({ file }) => file);
}

test('what was pulled and no VM names goes, with its room; what somebody put there stays', async () => {
  const kept = await pulled('used', 'quay.io/used:1');
  const gone = await pulled('old', 'quay.io/old:1', 'quay.io/older:1');
  put('mine/1.img');
  vm('web', 'containerDisk: {image: "quay.io/used:1"}');
  const wanted = [
    { file: 'quay.io/old/1.img', bytes: 0 },
    { file: 'quay.io/older/1.img', bytes: 64 * KIB },
  ];
  expect(await prune({ dryRun: true })).toEqual(wanted);
  expect(existsSync(gone)).toBe(true);
  expect(await prune()).toEqual(wanted);
  expect(existsSync(gone)).toBe(false);
  expect(existsSync(kept)).toBe(true);
  expect(readdirSync(join(imagesDir, 'quay.io'))).toEqual(['used']);
  expect(await prune()).toEqual([]);
});

test('with --all what was put there goes too, but no disk of a claim', async () => {
  put('mine/1.img');
  put('used/1.img');
  put('_claims/default/data.img');
  vm('web', 'containerDisk: {image: "used:1"}');
  expect(await files()).toEqual([]);
  expect(await files({ all: true })).toEqual(['mine/1.img']);
  expect(existsSync(join(imagesDir, '_claims/default/data.img'))).toBe(true);
});

test('nothing goes that a guest runs on although no file names it any more', async () => {
  const store = await pulled('runs', 'quay.io/runs:1');
  const instance = join(stateDir, 'instances/1');
  mkdirSync(instance, { recursive: true });
  const overlay = ['create', '-qf', 'qcow2', '-F', 'raw', '-b', join(store, 'disk.img')];
  await execa('qemu-img', [...overlay, join(instance, 'root.qcow2')]);
  expect(await files()).toEqual([]);
  rmSync(join(instance, 'root.qcow2'));
  // A disk that it only reads has no overlay.
  const argv = ['qemu', JSON.stringify({ filename: join(store, 'disk.img') })];
  writeFileSync(join(instance, 'instance.json'), JSON.stringify({ argv }));
  expect(await files()).toEqual([]);
  writeFileSync(join(instance, 'exit'), '0');
  expect(await files()).toEqual(['quay.io/runs/1.img']);
});

test('nothing goes that a process has open, or that a claim builds on', async () => {
  const opened = await pulled('opened', 'quay.io/opened:1');
  const base = await pulled('base', 'quay.io/base:1');
  const claim = join(imagesDir, '_claims/default/data.qcow2');
  mkdirSync(dirname(claim), { recursive: true });
  const overlay = ['create', '-qf', 'qcow2', '-F', 'raw', '-b', join(base, 'disk.img'), claim];
  await execa('qemu-img', overlay);
  const fd = openSync(join(opened, 'disk.img'), 'r');
  expect(await files()).toEqual([]);
  closeSync(fd);
  expect(await files()).toEqual(['quay.io/opened/1.img']);
});

test('nothing goes of which a data volume is still to be made', async () => {
  await pulled('volume', 'quay.io/volume:1');
  const text = tinyVm('web', { strategy: 'Halted' })
    .replace(/containerDisk: .*/, 'dataVolume: {name: root}')
    .replace(
      '  template:',
      `  dataVolumeTemplates:
    - metadata: {name: root}
      spec: {source: {registry: {url: 'docker://quay.io/volume:1'}}}
  template:`,
    );
  writeFileSync(join(vmsDir, 'web.yaml'), text);
  expect(await files()).toEqual([]);
  put('_claims/default/root.qcow2');
  expect(await files()).toEqual(['quay.io/volume/1.img']);
});

test('what broken-off work has left goes, and what may be gone on with stays', async () => {
  put('.pulls/0123-abcdef/image/layer', 8 * KIB);
  put('_store/sha256-0123/disk.img');
  put('_claims/default/.new.qcow2.download');
  const old = put('_claims/default/.old.qcow2.unfinished');
  const then = new Date(Date.now() - 2 * DAY_MS);
  utimesSync(old, then, then);
  const left = { leftover: true } as const;
  expect(await prune()).toMatchObject([
    { file: '_store/sha256-0123', ...left },
    { file: '.pulls/0123-abcdef', bytes: expect.any(Number), ...left },
    { file: '_claims/default/.old.qcow2.unfinished', ...left },
  ]);
  expect(readdirSync(join(imagesDir, '.pulls'))).toEqual([]);
  expect(readdirSync(join(imagesDir, '_claims/default'))).toEqual(['.new.qcow2.download']);
});
