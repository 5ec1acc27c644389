/** `solovirt images` beside a daemon: a guest boots from what was pulled. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tinyImage } from '../support/guests.ts';
import { layer, writeLayout } from '../support/oci-image.ts';
import { Registry } from '../support/registry.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { Vm } from './vm-handle.ts';

const images = mkdtempSync(join(tmpdir(), 'pulled-'));
const elsewhere = mkdtempSync(join(tmpdir(), 'registry-'));
let world: World;
let registry: Registry;

beforeAll(async () => {
  // Guests have users of their own, who must get through.
  chmodSync(images, 0o711);
  world = await World.start({ images });
  registry = await Registry.start(join(elsewhere, 'registry'));
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  for (const directory of [images, elsewhere]) rmSync(directory, { recursive: true, force: true });
});

test('an image of a registry is pulled, booted from, listed with its VM, and removed when that is gone', async () => {
  const layout = join(elsewhere, 'layout');
  writeLayout(layout, layer({ path: 'disk/tiny.img', content: readFileSync(tinyImage('obey')) }));
  await registry.push(layout, 'guests/tiny:1');
  const reference = `${registry.host}/guests/tiny:1`;
  const file = `${registry.host.replace(':', '_')}/guests/tiny/1.img`;

  const pulled = await cli(world, 'images', 'pull', reference);
  expect(pulled).toEqual({
    code: 0,
    stdout: `${reference} is at ${join(images, file)}\n`,
    stderr: '',
  });

  const text = tinyVm('web', { strategy: 'Always' });
  const vm = Vm.put(world, 'web', text.replace(/image: '[^']*'/, `image: '${reference}'`));
  const live = await vm.running();
  await vm.says(live, 'UP');

  const listed = await cli(world, 'images', 'list', '-o', 'json');
  expect(JSON.parse(listed.stdout)).toMatchObject({
    kind: 'ImageList',
    directory: images,
    items: [{ file, format: 'raw', usedBy: ['web'] }],
  });
  const refused = await cli(world, 'images', 'remove', reference);
  expect(refused).toMatchObject({
    code: 1,
    stderr: `error: ${file} is in use by VM web\nDelete what uses it first: solovirt delete web\n`,
  });

  const deleted = await cli(world, 'delete', 'web', '--force', '--wait');
  expect(deleted.code).toBe(0);
  expect(await cli(world, 'images', 'remove', reference, 'other')).toEqual({
    code: 1,
    stdout: `${file} is removed\n`,
    stderr: 'error: there is no image "other"\nsolovirt images list shows what there is.\n',
  });
  const empty = await cli(world, 'images', 'list');
  expect(empty).toEqual({ code: 0, stdout: '', stderr: `There are no images in ${images}.\n` });
});
