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
  ManifestChangedError,
  ManifestWriteError,
  removeStaged,
  replaceManifest,
} from '../../../src/host/write-manifest.ts';
import { asOrdinaryUser, temporaryDirectory, until } from './support.ts';
import { watched } from './vm-directory-support.ts';

const OLD = 'runStrategy: Always\n';
const NEW = 'runStrategy: Halted # größe\n';
const REPLACE = join(import.meta.dirname, 'replace-manifest.ts');
const isRoot = process.geteuid?.() === 0;

test('the text is replaced, mode kept, nothing left beside it', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, OLD);
  await chmod(path, 0o640);
  await replaceManifest(path, OLD, NEW);
  expect(await readFile(path, 'utf8')).toBe(NEW);
  expect((await stat(path)).mode & 0o7777).toBe(0o640);
  expect(await readdir(tmp.path)).toEqual(['web.yaml']);
});

test('what a killed daemon left beside the files is removed, and nothing else', async () => {
  await using tmp = await temporaryDirectory();
  const ours = ['.web.yaml.solovirt', '.web.yaml.solovirt.983624754'];
  const others = ['.solovirt', '.web.yaml.solovirt.bak', '.web.yaml.swp', 'web.yaml'];
  for (const name of [...ours, ...others]) await writeFile(join(tmp.path, name), OLD);
  await removeStaged(tmp.path);
  expect((await readdir(tmp.path)).sort()).toEqual(others);
  await removeStaged(join(tmp.path, 'no-such-directory'));
});

test.skipIf(!isRoot)('the owner is kept', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, OLD);
  await chown(path, 1234, 5678);
  await replaceManifest(path, OLD, NEW);
  expect(await stat(path)).toMatchObject({ uid: 1234, gid: 5678 });
});

test('a link stays and what it leads to is replaced', async () => {
  await using tmp = await temporaryDirectory();
  const at = (...names: string[]): string => join(tmp.path, ...names);
  await mkdir(at('real'));
  await writeFile(at('real', 'web.txt'), OLD);
  await symlink('real/web.txt', at('web.yaml'));
  await replaceManifest(at('web.yaml'), OLD, NEW);
  expect((await lstat(at('web.yaml'))).isSymbolicLink()).toBe(true);
  expect(await readFile(at('real', 'web.txt'), 'utf8')).toBe(NEW);
  expect(await readdir(at('real'))).toEqual(['web.txt']);
});

test('a file that was changed or removed meanwhile is left alone', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, `${OLD}# edited\n`);
  await expect(replaceManifest(path, OLD, NEW)).rejects.toThrow(ManifestChangedError);
  expect(await readFile(path, 'utf8')).toBe(`${OLD}# edited\n`);
  const missing = join(tmp.path, 'missing.yaml');
  await expect(replaceManifest(missing, OLD, NEW)).rejects.toThrow(ManifestChangedError);
  expect(await readdir(tmp.path)).toEqual(['web.yaml']);
});

test('of many replacements of the same text at once exactly one takes place', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, OLD);
  const texts = Array.from({ length: 10 }, (_, n) => `runStrategy: Always # ${n}\n`);
  const results = await Promise.allSettled(texts.map((text) => replaceManifest(path, OLD, text)));
  const won = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [texts[n]] : []));
  expect(won).toEqual([await readFile(path, 'utf8')]);
  expect(await readdir(tmp.path)).toEqual(['web.yaml']);
});

test('a file without permission to write is left alone', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, OLD);
  await chmod(path, 0o444);
  await chmod(tmp.path, 0o777);
  const attempt = asOrdinaryUser(() => replaceManifest(path, OLD, NEW));
  await expect(attempt).rejects.toThrow(
    /web\.yaml cannot be written: permission denied \(EACCES\)/,
  );
  expect(await readFile(path, 'utf8')).toBe(OLD);
});

/** Real, not effective rights: what the process is told it may do depends on them. */
const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];

const canBeNobody = ((): boolean => {
  try {
    execFileSync('setpriv', [...asNobody, '-e', '0']);
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!canBeNobody)('a file whose owner could not be kept is left alone', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, OLD);
  await chmod(path, 0o666);
  await chmod(tmp.path, 0o777);
  const output = execFileSync('setpriv', [...asNobody, REPLACE, path, '10'], { encoding: 'utf8' });
  expect(output).toMatch(/its owner \(uid 0, gid 0\) could not be kept/);
  expect(await readFile(path, 'utf8')).toBe(OLD);
  expect(await readdir(tmp.path)).toEqual(['web.yaml']);
});

describe.skipIf(!canBeNobody)(
  "a file of root's in a directory that is the daemon's to write",
  () => {
    test.for([
      ['that its group may write', 0o664],
      ['that nobody else may write', 0o644],
    ] as const)('%s is replaced, and stays with its group', async ([, mode]) => {
      await using tmp = await temporaryDirectory();
      const path = join(tmp.path, 'web.yaml');
      await writeFile(path, OLD);
      await chown(path, 0, 65534);
      await chmod(path, mode);
      await chown(tmp.path, 0, 65534);
      await chmod(tmp.path, 0o2770);
      const output = execFileSync('setpriv', [...asNobody, REPLACE, path, '10'], {
        encoding: 'utf8',
      });
      expect(output).toBe('replaced\n');
      expect(await readFile(path, 'utf8')).toBe('##########');
      expect(await stat(path)).toMatchObject({ uid: 65534, gid: 65534, mode: 0o100000 | mode });
    });
  },
);

test('an error is one of two kinds and has its cause', async () => {
  await using tmp = await temporaryDirectory();
  await expect(replaceManifest(tmp.path, OLD, NEW)).rejects.toThrow(ManifestWriteError);
});

test('the watch sees one change and no other file', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, OLD);
  await using dir = await watched(tmp.path);
  await dir.untilReported('changed', path);
  await replaceManifest(path, OLD, NEW);
  await dir.untilReported('changed', path, 1);
  await until('nothing else is known', () => dir.directory.files().length === 1);
  expect(new Set(dir.batches.flat().map((change) => change.path))).toEqual(new Set([path]));
});

/** Runs a shell script as root of a mount namespace of its own. */
function inMountNamespace(script: string, ...args: string[]): string {
  const unshare = ['--user', '--map-root-user', '--mount', 'sh', '-ec', script, 'sh', ...args];
  return execFileSync('unshare', unshare, { encoding: 'utf8', stdio: 'pipe' });
}

const canMount = ((): boolean => {
  try {
    inMountNamespace('mount -t tmpfs none /mnt');
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!canMount)('on a full disk the old text stays and nothing is left beside it', () => {
  const output = inMountNamespace(
    `mount -t tmpfs -o size=16k none /mnt
     printf 'runStrategy: Always\\n' >/mnt/web.yaml
     "$@" /mnt/web.yaml 20000; ls -A /mnt; cat /mnt/web.yaml`,
    process.execPath,
    REPLACE,
  );
  expect(output).toBe(
    'ManifestWriteError: /mnt/web.yaml cannot be written: no space left on the disk (ENOSPC)\nweb.yaml\nrunStrategy: Always\n',
  );
});

test.skipIf(!canMount)('on a read-only file system it is said so', () => {
  const output = inMountNamespace(
    `mount -t tmpfs none /mnt
     printf 'runStrategy: Always\\n' >/mnt/web.yaml
     mount -o remount,ro /mnt
     "$@" /mnt/web.yaml 10`,
    process.execPath,
    REPLACE,
  );
  expect(output).toBe(
    'ManifestWriteError: /mnt/web.yaml cannot be written: its file system is read-only (EROFS)\n',
  );
});
