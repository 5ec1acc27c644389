import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MAX_MANIFEST_BYTES } from '../../../src/core/manifest/parse.ts';
import { readManifest } from '../../../src/host/read-manifest.ts';
import { asOrdinaryUser, temporaryDirectory } from './support.ts';

test.for<[string, string]>([
  ['text', 'kind: VirtualMachine\n'],
  ['nothing', ''],
  ['a byte order mark', '\uFEFFkind: VirtualMachine\r\n'],
  ['letters of several bytes', 'name: "größe 🖥"\n'],
])('a file with %s is read as it is', async ([, text]) => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, text);
  expect(await readManifest(path)).toEqual({ ok: true, text });
});

test('a file of the largest size is read, one byte more is refused with size and limit', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, 'x'.repeat(MAX_MANIFEST_BYTES));
  expect(await readManifest(path)).toMatchObject({ ok: true });
  await writeFile(path, 'x'.repeat(MAX_MANIFEST_BYTES + 1));
  expect(await readManifest(path)).toEqual({
    ok: false,
    code: 'too-large',
    message: `${path} has 1048577 bytes; the limit is 1048576 bytes (1 MiB)`,
  });
});

test('a file is read whole whatever size it tells beforehand', async () => {
  // As one to which somebody adds between the look and the read: those of /proc tell 0.
  expect(await readManifest('/proc/self/status')).toMatchObject({
    ok: true,
    text: expect.stringMatching(/^Name:[\s\S]{500,}\n$/),
  });
});

test('a huge file is refused by its size', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, '');
  await truncate(path, 10 * 2 ** 40);
  expect(await readManifest(path)).toMatchObject({ ok: false, code: 'too-large' });
});

test.for<[string, readonly number[], string]>([
  ['Latin-1', [0x61, 0x0a, 0x62, 0xe9, 0x0a], 'byte 0xe9 in line 2; save it as UTF-8'],
  ['UTF-16', [0xff, 0xfe, 0x61, 0x00], 'byte 0xff in line 1 (it looks like UTF-16)'],
  ['half a letter', [0x61, 0xc3], 'byte 0xc3 in line 1'],
  ['a letter that breaks off', [0x0a, 0xe2, 0x82, 0x61], 'byte 0xe2 in line 2'],
])('%s is refused with the place', async ([, bytes, words]) => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, new Uint8Array(bytes));
  expect(await readManifest(path)).toEqual({
    ok: false,
    code: 'not-utf8',
    message: expect.stringContaining(words),
  });
});

test('what is no file is refused without waiting for it', async () => {
  await using tmp = await temporaryDirectory();
  const at = (name: string): string => join(tmp.path, name);
  await mkdir(at('directory'));
  execFileSync('mkfifo', [at('pipe')]);
  await symlink('/dev/zero', at('device'));
  const server = createServer().listen(at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const kinds = {
      directory: 'a directory',
      pipe: 'a named pipe',
      device: 'a device',
      socket: 'a socket',
    };
    for (const [name, kind] of Object.entries(kinds)) {
      const message = `${at(name)} is ${kind}, not a file`;
      expect(await readManifest(at(name))).toEqual({ ok: false, code: 'not-a-file', message });
    }
  } finally {
    server.close();
  }
});

test('a missing file, a link to nowhere and a circle of links are told apart from text', async () => {
  await using tmp = await temporaryDirectory();
  const at = (name: string): string => join(tmp.path, name);
  await symlink(at('nowhere'), at('dangling'));
  await symlink(at('circle'), at('circle'));
  expect(await readManifest(at('missing'))).toMatchObject({ code: 'not-found' });
  expect(await readManifest(at('dangling'))).toMatchObject({ code: 'not-found' });
  expect(await readManifest(at('circle'))).toMatchObject({
    code: 'read-failed',
    message: expect.stringContaining('circle'),
  });
});

test('a file without permission is refused', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, 'x');
  await chmod(path, 0o000);
  expect(await asOrdinaryUser(() => readManifest(path))).toMatchObject({
    ok: false,
    code: 'permission-denied',
  });
});
