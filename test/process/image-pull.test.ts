/** What a start does about an image on a host that has no skopeo, or no way to the registry. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pullImage } from '../../src/images/pull-image.ts';
import { bringImage } from '../../src/supervisor/image-pull.ts';
import { layer, writeLayout } from '../support/oci-image.ts';

/** Nobody listens there. */
const IMAGE = '127.0.0.1:1/web:latest';
// biome-ignore lint/style/noProcessEnv: what a child is found by
const PATH = process.env['PATH'];

let root = '';
let imagesDir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'image-pull-'));
  imagesDir = join(root, 'images');
  mkdirSync(imagesDir);
});
afterEach(() => {
  // biome-ignore lint/style/noProcessEnv: as it was
  process.env['PATH'] = PATH;
  rmSync(root, { recursive: true });
});

function withoutSkopeo(): void {
  // biome-ignore lint/style/noProcessEnv: what a child is found by
  process.env['PATH'] = '/nonexistent';
}

type Ctx = Parameters<typeof bringImage>[0];

async function bring(image = IMAGE, more: object = {}, values?: ReadonlyMap<string, Buffer>) {
  const settings = { imagesDir, runtimeDir: join(root, 'run'), registryAuth: join(root, 'auth') };
  const ctx = { settings, objects: { values: () => values } } as unknown as Ctx;
  const signal = AbortSignal.timeout(30_000);
  const options = { namespace: 'default', signal, onProgress: () => {} };
  return await bringImage(ctx, { image, ...more }, options);
}

/** As if it had been pulled while the registry was there. */
async function pulled(): Promise<string> {
  const from = join(root, 'layout');
  writeLayout(from, layer({ path: 'disk/web.img', content: Buffer.alloc(4096, 'web') }));
  const watcher = { signal: AbortSignal.timeout(30_000), onBytes: () => {}, onWait: () => {} };
  const request = { reference: IMAGE, imagesDir, from, insecure: true, maxBytes: 1024 ** 2 };
  return (await pullImage(request, watcher)).file;
}

describe('without skopeo', () => {
  test('an image that is here is used, also where the newest is wanted', async () => {
    const path = await pulled();
    withoutSkopeo();
    expect(await bring()).toEqual({ path, fetched: false });
  });

  test('one that is not here is told with the package, and with where to put it', async () => {
    withoutSkopeo();
    await expect(bring()).rejects.toThrow(
      `skopeo, which fetches images, is not installed (On Debian it is the package skopeo: apt install skopeo; or put the image at ${imagesDir}/127.0.0.1_1/web/latest.qcow2 by hand)`,
    );
  });
});

describe('without a way to the registry', () => {
  test('an image that is here is used, and it is told why it may not be the newest', async () => {
    const path = await pulled();
    expect(await bring()).toEqual({
      path,
      fetched: false,
      notAsked: expect.stringContaining('the registry cannot be reached'),
    });
  });

  test('one that somebody put there is used without a word', async () => {
    const path = join(imagesDir, '127.0.0.1_1/web/latest.img');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.alloc(4096));
    expect(await bring()).toEqual({ path, fetched: false });
  });

  test('one that is not here is told', async () => {
    await expect(bring()).rejects.toThrow(/the registry cannot be reached: .*refused/);
  });
});

test.for([
  [undefined, 'no file declares the Secret login in the namespace default'],
  [{ password: 'open-sesame' }, 'the Secret login has no credentials for a registry'],
  [{ '.dockerconfigjson': 'open-sesame' }, 'the Secret login has no credentials for a registry'],
] as const)('a Secret of %j is told, without what is in it', async ([values, message]) => {
  const bytes = values && new Map(Object.entries(values).map(([k, v]) => [k, Buffer.from(v)]));
  const error = await bring(IMAGE, { pullSecret: 'login' }, bytes).catch((e: Error) => e);
  expect(String(error)).toContain(message);
  expect(String(error)).not.toContain('open-sesame');
});

test('credentials are gone when the pull is over', async () => {
  const values = new Map([['.dockerconfigjson', Buffer.from('{"auths":{}}')]]);
  await expect(bring(IMAGE, { pullSecret: 'login' }, values)).rejects.toThrow('be reached');
  expect(readdirSync(join(root, 'run/auth'))).toEqual([]);
});
