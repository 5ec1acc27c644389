/** Which program is taken for QEMU, and what is said when there is none. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ARM64,
  findQemu,
  QemuMissingError,
  QemuUnsuitableError,
} from '../../src/host/qemu-binary.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'qb-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function program(name: string, answer: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
  return path;
}

const says = (version: string) => `echo "QEMU emulator version ${version}"`;

test('the QEMU of this host is found in PATH', async () => {
  const { path, version } = await findQemu();
  expect(path).toMatch(/^\/.*\/qemu-system-x86_64$/);
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('a path that is asked for wins, also a relative one', async () => {
  const path = await program('my-qemu', says('10.0.3 (Debian 1:10.0.3+ds-0)'));
  expect(await findQemu(path)).toEqual({ path, version: '10.0.3' });
  expect(await findQemu(relative(process.cwd(), path))).toEqual({ path, version: '10.0.3' });
});

test('a name that is asked for is looked for in PATH', async () => {
  const path = await program('my-qemu', says('7.2.0'));
  expect(await findQemu('my-qemu', `/nowhere:${dir}`)).toEqual({ path, version: '7.2.0' });
});

test('what cannot be run is passed over', async () => {
  const first = join(dir, 'first');
  await mkdir(join(first, 'qemu-system-x86_64'), { recursive: true });
  const second = join(dir, 'second');
  await mkdir(second);
  await writeFile(join(second, 'qemu-system-x86_64'), '', { mode: 0o644 });
  const path = await program('qemu-system-x86_64', says('8.0.0'));
  const found = await findQemu(undefined, [first, second, '', 'relative', dir].join(':'));
  expect(found.path).toBe(path);
});

test.for([undefined, 'no-such-qemu', '/no/such/qemu'])(
  'when there is none for %j, the error names the package to install',
  async (requested) => {
    const error = await findQemu(requested, dir).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QemuMissingError);
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining('apt-get install qemu-system-x86'),
    );
    if (requested !== undefined)
      expect(error).toHaveProperty('message', expect.stringContaining(requested));
  },
);

test.for([
  [says('7.1.9'), 'needs 7.2 or later'],
  [says('6.2.0'), 'needs 7.2 or later'],
  ['echo hello', 'is not QEMU: --version said "hello"'],
  ['exit 3', 'is not QEMU'],
] as const)('a program that answers %j is refused: %s', async ([answer, words]) => {
  const path = await program('qemu', answer);
  const error = await findQemu(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(QemuUnsuitableError);
  expect(error).toHaveProperty('message', expect.stringContaining(words));
});

test('a QEMU for another architecture that is missing is named with its package', async () => {
  await expect(findQemu(undefined, '/nowhere', ARM64)).rejects.toThrow(
    'the QEMU for these guests is not installed: there is no qemu-system-aarch64 in PATH; install it (on Debian and Ubuntu: apt-get install qemu-system-arm)',
  );
});
