/** What lies in an image directory: listed, imported, removed, with the VMs whose files name it. */
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeImage, findImage, listImages } from '../../../src/images/catalogue.ts';
import { readUsers } from '../../../src/images/image-users.ts';
import { importImage } from '../../../src/images/import-image.ts';
import { removeImage } from '../../../src/images/remove-image.ts';
import { tinyVm } from '../../e2e/manifests.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

let root = '';
let imagesDir = '';
let vmsDir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'images-'));
  imagesDir = join(root, 'images');
  vmsDir = join(root, 'vms');
  mkdirSync(imagesDir);
  mkdirSync(vmsDir);
});
afterEach(() => rmSync(root, { recursive: true }));

function raw(name: string, bytes = 4096): void {
  mkdirSync(dirname(join(imagesDir, name)), { recursive: true });
  writeFileSync(join(imagesDir, name), Buffer.alloc(bytes, 'raw'));
}

function vm(name: string, volume: string, file = `${name}.yaml`): void {
  const text = tinyVm(name, { strategy: 'Halted' });
  writeFileSync(join(vmsDir, file), text.replace(/containerDisk: .*/, volume));
}

async function remove(file: string): Promise<void> {
  await removeImage(imagesDir, file, await readUsers(vmsDir, imagesDir));
}

async function refused(file: string, message: RegExp): Promise<void> {
  await expect(remove(file)).rejects.toThrow(message);
  expect(statSync(join(imagesDir, file)).isFile()).toBe(true);
}

describe('the list', () => {
  test('has every image with its sizes and users, and nothing else', async () => {
    raw('quay.io/example/web/1.img', 8192);
    await execa('qemu-img', ['create', '-qf', 'qcow2', join(imagesDir, 'base.qcow2'), '1G']);
    raw('README.md');
    raw('_claims/default/data.img');
    raw('.pulls/x/disk.img');
    raw('odd.disk');
    writeFileSync(join(imagesDir, 'bad.raw'), '');
    vm('web', "containerDisk: {image: 'quay.io/example/web:1'}");
    vm('web2', "containerDisk: {image: 'quay.io/example/web:1'}");
    vm('host', `hostDisk: {path: ${imagesDir}/odd.disk, type: Disk}`);
    const users = await readUsers(vmsDir, imagesDir);
    const names = await listImages(imagesDir, users);
    const found = await Promise.all(names.map((name) => describeImage(imagesDir, name, users)));
    expect(found).toMatchObject([
      { file: 'bad.raw', usedBy: [], problem: `${imagesDir}/bad.raw is empty` },
      { file: 'base.qcow2', format: 'qcow2', virtualBytes: 1024 ** 3, usedBy: [] },
      { file: 'odd.disk', format: 'raw', usedBy: ['host'] },
      {
        file: 'quay.io/example/web/1.img',
        format: 'raw',
        virtualBytes: 8192,
        usedBy: ['web', 'web2'],
      },
    ]);
    expect(found[1]?.realBytes).toBeLessThan(1024 ** 2);
  });

  test('of a directory that is not there is empty', async () => {
    const nowhere = join(root, 'nowhere');
    expect(await listImages(nowhere, await readUsers(nowhere, nowhere))).toEqual([]);
  });
});

test('an image is named by its reference or its file', () => {
  const files = ['web.qcow2', 'web/1.img', 'a/b/disk.img'];
  expect(findImage('web', files)).toBe('web.qcow2');
  expect(findImage('web:1', files)).toBe('web/1.img');
  expect(findImage('./a/b/disk.img', files)).toBe('a/b/disk.img');
  expect(() => findImage('b', files)).toThrow('there is no image "b"');
});

describe('an image is removed', () => {
  test('with the directories that its name made, when nobody uses it', async () => {
    raw('quay.io/example/web/1.img');
    raw('quay.io/other/1.img');
    vm('other', 'containerDisk: {image: web}');
    await remove('quay.io/example/web/1.img');
    expect(readdirSync(join(imagesDir, 'quay.io'))).toEqual(['other']);
  });

  test('not while a VM names it, in the order of the candidates or not', async () => {
    raw('web.qcow2');
    vm('one', 'containerDisk: {image: web}');
    vm('two', "containerDisk: {image: 'web:latest'}");
    await refused('web.qcow2', /web.qcow2 is in use by VM one, VM two/);
  });

  test('not while a kernel boot names it', async () => {
    raw('boot/linux.img');
    const text = tinyVm('k', { strategy: 'Halted', annotations: { kernel: 'boot/linux.img' } });
    writeFileSync(join(vmsDir, 'k.yaml'), text);
    await refused('boot/linux.img', /in use by VM k/);
  });

  test('not while a file with errors has its name in it', async () => {
    raw('web/1.img');
    writeFileSync(join(vmsDir, 'broken.yaml'), 'spec: [\nimage: web:1\n');
    await refused(
      'web/1.img',
      /may be in use: .*broken.yaml has errors, and the name web is in it/,
    );
    raw('db/1.img');
    await remove('db/1.img');
  });

  test('not while a process has it open', async () => {
    raw('web.img');
    const open = openSync(join(imagesDir, 'web.img'), 'r');
    await refused('web.img', new RegExp(`web.img is open in a process, pid ${process.pid}`));
    closeSync(open);
    await remove('web.img');
  });

  test('not while another image, or the disk of a claim, builds on it', async () => {
    raw('base.img');
    mkdirSync(join(imagesDir, '_claims/default'), { recursive: true });
    const overlay = join(imagesDir, '_claims/default/data.qcow2');
    const base = join(imagesDir, 'base.img');
    await execa('qemu-img', ['create', '-qf', 'qcow2', '-F', 'raw', '-b', base, overlay]);
    await refused('base.img', /base.img is in use: _claims\/default\/data.qcow2 builds on it/);
  });
});

describe('a disk is imported', () => {
  function bring(file: string, reference?: string) {
    const { signal } = new AbortController();
    const watcher = { signal, onBytes: () => {}, onWait: () => {} };
    const named = reference === undefined ? {} : { reference };
    return importImage({ file, imagesDir, ...named }, watcher);
  }

  test('under a reference, or under its own name', async () => {
    const file = join(root, 'Web.qcow2');
    await execa('qemu-img', ['create', '-qf', 'qcow2', file, '10M']);
    expect(await bring(file, 'host:5000/a/b:2')).toEqual({
      reference: 'host:5000/a/b:2',
      file: join(imagesDir, 'host_5000/a/b/2.qcow2'),
    });
    const { file: copy } = await bring(file);
    expect(copy).toBe(join(imagesDir, 'web/latest.qcow2'));
    expect(readFileSync(copy).equals(readFileSync(file))).toBe(true);
  });

  test('so that every guest can read it, whatever the umask is, and it belongs to whom the directory does', async () => {
    const file = join(root, 'web.img');
    writeFileSync(file, Buffer.alloc(4096, 'x'));
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) chownSync(imagesDir, 12_345, 12_345);
    chmodSync(imagesDir, 0o2771);
    const place = ['--images', imagesDir, '--vms', vmsDir];
    const words = [process.execPath, MAIN, 'images', 'import', file, 'a/b:1', ...place];
    await execa('sh', ['-c', 'umask 077; exec "$@"', 'sh', ...words]);
    const modes = ['a', 'a/b', 'a/b/1.img'].map((name) => {
      const { mode, uid } = statSync(join(imagesDir, name));
      return [(mode & 0o7777).toString(8), uid];
    });
    const { uid } = statSync(imagesDir);
    expect(modes).toEqual([
      ['2771', uid],
      ['2771', uid],
      ['644', uid],
    ]);
  });

  test('never over another, and only when it is a disk', async () => {
    const file = join(root, 'web.img');
    writeFileSync(file, Buffer.alloc(4096, 'x'));
    raw('web.raw');
    await expect(bring(file)).rejects.toThrow(/web is there already, as .*\/web.raw/);
    rmSync(join(imagesDir, 'web.raw'));
    writeFileSync(file, '<html>');
    await expect(bring(file)).rejects.toThrow(/web.img is a web page/);
    const whole = join(root, 'whole');
    writeFileSync(`${whole}.raw`, Buffer.alloc(1024 ** 2, 'x'));
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', `${whole}.raw`, whole]);
    writeFileSync(file, readFileSync(whole).subarray(0, 500_000));
    await expect(bring(file)).rejects.toThrow(/web.img is a damaged qcow2/);
    await expect(bring(join(root, 'no'))).rejects.toThrow(/no does not exist/);
    await expect(bring(root)).rejects.toThrow(/is not a file/);
    await expect(bring(file, 'No')).rejects.toThrow(/"No" is not the name of an image/);
    expect(readdirSync(imagesDir, { recursive: true })).toEqual(['.pulls']);
  });
});
