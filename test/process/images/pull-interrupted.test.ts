/** Pulls that end before they are done. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pullImage } from '../../../src/images/pull-image.ts';
import { layer, writeLayout } from '../../support/oci-image.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

let root = '';
let imagesDir = '';
let layout = '';
let digest = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'interrupted-'));
  imagesDir = join(root, 'images');
  layout = join(root, 'layout');
  mkdirSync(imagesDir);
  digest = writeLayout(layout, layer({ path: 'disk/web.img', content: Buffer.alloc(65_536, 'd') }));
});
afterEach(() => rmSync(root, { recursive: true }));

/** All that is in the directory in which images are made. */
function workshop(): readonly string[] {
  return readdirSync(join(imagesDir, '.pulls'));
}

/** An HTTP registry that never gives a layer out. */
async function stuckRegistry() {
  const asked = Promise.withResolvers<void>();
  const server = createServer(({ url = '' }, response) => {
    const hex = url.split('sha256:')[1];
    const wanted = url.includes('/manifests/') ? digest.slice(7) : hex;
    if (wanted === undefined) return void response.end('{}');
    const bytes = readFileSync(join(layout, 'blobs/sha256', wanted));
    response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
    response.setHeader('content-length', bytes.length);
    if (bytes[0] !== 0x1f) return void response.end(bytes);
    response.write(bytes.subarray(0, 20));
    asked.resolve();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    asked: asked.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The program, in the middle of a pull; resolves once it is. */
async function pulling(stuck: Awaited<ReturnType<typeof stuckRegistry>>) {
  const reference = `${stuck.host}/web`;
  const child = spawn(process.execPath, [MAIN, 'images', 'pull', reference, '--insecure'], {
    // biome-ignore lint/style/noProcessEnv: a child needs PATH
    env: { PATH: process.env['PATH'], SOLOVIRT_IMAGES: imagesDir, SOLOVIRT_VMS: root },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // Not its pipes: a child of its own has them too.
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  await stuck.asked;
  return { reference, child, ended, stderr: () => stderr };
}

/** A whole pull, of any image. */
function pull(reference: string) {
  const request = { reference, imagesDir, from: layout, insecure: false, maxBytes: 1024 ** 2 };
  const { signal } = new AbortController();
  return pullImage(request, { signal, onBytes: () => {}, onWait: () => {} });
}

test('by Ctrl-C: it says so and leaves nothing', async () => {
  await using stuck = await stuckRegistry();
  const { child, ended, stderr } = await pulling(stuck);
  child.kill('SIGINT');
  expect(await ended).toBe(1);
  expect(stderr()).toBe('error: interrupted: nothing was put into the image directory\n');
  expect(readdirSync(imagesDir)).toEqual(['.pulls']);
  expect(workshop()).toEqual([]);
});

test.for([
  ['of the same image', (reference: string) => reference],
  ['of another image', () => 'other'],
] as const)(
  'by SIGKILL: it leaves nothing that counts, and the next pull %s clears it away',
  async ([, next]) => {
    await using stuck = await stuckRegistry();
    const { child, ended, reference } = await pulling(stuck);
    child.kill('SIGKILL');
    await ended;
    expect(readdirSync(imagesDir)).toEqual(['.pulls']);
    expect(workshop()).toHaveLength(2);
    const { file } = await pull(next(reference));
    expect(workshop()).toEqual([]);
    expect(existsSync(file)).toBe(true);
  },
);

test('a pull clears away nothing that another one still needs', async () => {
  await using stuck = await stuckRegistry();
  const { child, ended } = await pulling(stuck);
  await pull('other');
  expect(workshop()).toHaveLength(2);
  child.kill('SIGTERM');
  await ended;
});
