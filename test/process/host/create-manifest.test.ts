/** Manifests that are made and removed: never over another file, and whole or not at all. */
import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createManifest,
  ManifestChangedError,
  removeManifest,
} from '../../../src/host/write-manifest.ts';
import { temporaryDirectory } from './support.ts';

const TEXT = 'runStrategy: Halted # größe\n';
const isRoot = process.geteuid?.() === 0;

describe('a new manifest', () => {
  test('has the first name that is free', async () => {
    await using tmp = await temporaryDirectory();
    const names = ['web.yaml', 'default.web.yaml'];
    expect(await createManifest(tmp.path, names, TEXT)).toBe(join(tmp.path, 'web.yaml'));
    expect(await createManifest(tmp.path, names, 'second\n')).toBe(
      join(tmp.path, 'default.web.yaml'),
    );
    await expect(createManifest(tmp.path, names, 'third\n')).rejects.toThrow(ManifestChangedError);
    expect((await readdir(tmp.path)).sort()).toEqual(['default.web.yaml', 'web.yaml']);
    expect(await readFile(join(tmp.path, 'web.yaml'), 'utf8')).toBe(TEXT);
  });

  test('takes the place of no link, not even of one that leads nowhere', async () => {
    await using tmp = await temporaryDirectory();
    await symlink('nowhere', join(tmp.path, 'web.yaml'));
    await expect(createManifest(tmp.path, ['web.yaml'], TEXT)).rejects.toThrow(
      ManifestChangedError,
    );
    expect((await lstat(join(tmp.path, 'web.yaml'))).isSymbolicLink()).toBe(true);
  });

  test('is made once by many at a time', async () => {
    await using tmp = await temporaryDirectory();
    const names = Array.from({ length: 5 }, (_, index) => `web-${index}.yaml`);
    const paths = await Promise.all(
      names.map((name) => createManifest(tmp.path, [name, ...names], `${name}\n`)),
    );
    expect(new Set(paths).size).toBe(5);
    for (const [index, path] of paths.entries())
      expect(await readFile(path, 'utf8')).toBe(`${names[index]}\n`);
  });

  test.each([
    [0o700, 0o600],
    [0o750, 0o640],
    [0o755, 0o644],
    [0o770, 0o660],
  ])('in a directory of mode %o has mode %o', async (directory, file) => {
    await using tmp = await temporaryDirectory();
    const dir = join(tmp.path, 'vms');
    await mkdir(dir);
    await chmod(dir, directory);
    const path = await createManifest(dir, ['web.yaml'], TEXT);
    expect((await stat(path)).mode & 0o777).toBe(file);
  });

  test.skipIf(!isRoot)('belongs to the group of the directory', async () => {
    await using tmp = await temporaryDirectory();
    await chown(tmp.path, 0, 5678);
    expect((await stat(await createManifest(tmp.path, ['web.yaml'], TEXT))).gid).toBe(5678);
  });

  test.skipIf(!isRoot)('is not begun on a full disk', async ({ skip }) => {
    await using tmp = await temporaryDirectory();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16384', 'tmpfs', tmp.path], {
        stdio: 'ignore',
      });
    } catch {
      return skip('no tmpfs can be mounted here');
    }
    try {
      const big = `${'x'.repeat(40_000)}\n`;
      await expect(createManifest(tmp.path, ['web.yaml'], big)).rejects.toThrow(/no space left/);
      expect(await readdir(tmp.path)).toEqual([]);
    } finally {
      execFileSync('umount', [tmp.path]);
    }
  });

  test('is not made where there is no directory', async () => {
    await expect(createManifest('/nonexistent', ['web.yaml'], TEXT)).rejects.toThrow(
      /^\/nonexistent does not exist/,
    );
  });
});

describe('removing a manifest', () => {
  test('takes a link away and leaves what it leads to', async () => {
    await using tmp = await temporaryDirectory();
    const target = join(tmp.path, 'target.txt');
    await writeFile(target, TEXT);
    await symlink(target, join(tmp.path, 'web.yaml'));
    await removeManifest(join(tmp.path, 'web.yaml'), TEXT);
    expect(await readdir(tmp.path)).toEqual(['target.txt']);
  });

  test('is refused when the file is another one by now', async () => {
    await using tmp = await temporaryDirectory();
    const path = join(tmp.path, 'web.yaml');
    await writeFile(path, 'edited\n');
    await expect(removeManifest(path, TEXT)).rejects.toThrow(ManifestChangedError);
    expect(await readFile(path, 'utf8')).toBe('edited\n');
    await expect(removeManifest(join(tmp.path, 'no.yaml'), TEXT)).rejects.toThrow(
      ManifestChangedError,
    );
  });
});
