/**
 * The VM directory on real files: what is reported for what people, editors and scripts do to it.
 */
import { readFileSync } from 'node:fs';
import {
  appendFile,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory, until } from './support.ts';
import { watched } from './vm-directory-support.ts';

const TEXT = 'kind: VirtualMachine\n';
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

/** A file that nobody has touched for a long time. */
async function writeOld(path: string, text = TEXT): Promise<void> {
  await writeFile(path, text);
  await utimes(path, LONG_AGO, LONG_AGO);
}

test('files that are there are reported in one batch, in order, before open resolves', async () => {
  await using tmp = await temporaryDirectory();
  const paths = ['a.yaml', 'b.yml', 'c.yaml'].map((name) => join(tmp.path, name));
  for (const path of paths) await writeOld(path);
  await using dir = await watched(tmp.path);
  expect(dir.batches).toEqual([paths.map((path) => ({ kind: 'changed', path }))]);
  expect(dir.directory.files()).toEqual(paths);
  expect(dir.troubles).toEqual([]);
});

test('names that are no manifests, and directories, are not reported', async () => {
  await using tmp = await temporaryDirectory();
  const others = ['.hidden.yaml', '.#x.yaml', '#x.yaml', 'x.yaml~', 'x.yaml.swp', '4913', 'x.txt'];
  await mkdir(join(tmp.path, 'folder.yaml'));
  await using dir = await watched(tmp.path);
  for (const name of others) await writeOld(join(tmp.path, name));
  const last = join(tmp.path, 'last.yaml');
  await writeOld(last);
  await dir.untilReported('changed', last);
  expect(dir.batches).toEqual([[{ kind: 'changed', path: last }]]);
});

test('a new file, an edit in place and an edit by rename are each reported', async () => {
  await using tmp = await temporaryDirectory();
  await using dir = await watched(tmp.path);
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, TEXT);
  await dir.untilReported('changed', path);
  await appendFile(path, 'spec: {}\n');
  await dir.untilReported('changed', path, 1);
  await writeFile(join(tmp.path, '.web.yaml.tmp'), `${TEXT}metadata: {}\n`);
  await rename(join(tmp.path, '.web.yaml.tmp'), path);
  await dir.untilReported('changed', path, 2);
  expect(dir.count('removed', path)).toBe(0);
});

test('a file written in two parts is reported when it is whole', async () => {
  await using tmp = await temporaryDirectory();
  const seen: string[] = [];
  await using dir = await watched(tmp.path);
  const path = join(tmp.path, 'web.yaml');
  const other = join(tmp.path, 'other.yaml');
  await writeFile(path, 'kind: Virtual');
  await writeFile(other, TEXT);
  // The writer goes on and on without coming to the end of a line.
  await until('the other file is reported', async () => {
    await appendFile(path, 'l');
    return dir.count('changed', other) > 0;
  });
  seen.push(`${dir.count('changed', path)} reports of a part`);
  await appendFile(path, 'Machine\n');
  await dir.untilReported('changed', path);
  seen.push(await readFile(path, 'utf8'));
  expect(seen).toEqual(['0 reports of a part', expect.stringMatching(/Machine\n$/)]);
});

test('a file without a final newline is reported all the same', async () => {
  await using tmp = await temporaryDirectory();
  await using dir = await watched(tmp.path);
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, 'kind: VirtualMachine');
  await dir.untilReported('changed', path);
  await writeFile(path, '');
  await dir.untilReported('changed', path, 1);
});

test('a file dated in the future is reported', async () => {
  await using tmp = await temporaryDirectory();
  await using dir = await watched(tmp.path);
  const path = join(tmp.path, 'web.yaml');
  await writeFile(path, TEXT);
  await utimes(path, new Date('2090-01-01'), new Date('2090-01-01'));
  await dir.untilReported('changed', path);
});

test('a file deleted and recreated is changed, one deleted for good is removed', async () => {
  await using tmp = await temporaryDirectory();
  const back = join(tmp.path, 'back.yaml');
  const gone = join(tmp.path, 'gone.yaml');
  await writeOld(back);
  await writeOld(gone);
  await using dir = await watched(tmp.path);
  await rm(back);
  await writeFile(back, `${TEXT}metadata: {}\n`);
  await rm(gone);
  await dir.untilReported('removed', gone);
  await dir.untilReported('changed', back, 1);
  expect(dir.count('removed', back)).toBe(0);
  expect(dir.directory.files()).toEqual([back]);
});

test('a rename is reported as removal and change in one batch', async () => {
  await using tmp = await temporaryDirectory();
  const [before, after] = [join(tmp.path, 'before.yaml'), join(tmp.path, 'after.yaml')];
  await writeOld(before);
  await using dir = await watched(tmp.path);
  await rename(before, after);
  await dir.untilReported('changed', after);
  expect(dir.batches.slice(1)).toEqual([
    [
      { kind: 'removed', path: before },
      { kind: 'changed', path: after },
    ],
  ]);
});

test('a second name for the same file takes nothing away from the first', async () => {
  await using tmp = await temporaryDirectory();
  const [first, second] = [join(tmp.path, 'first.yaml'), join(tmp.path, 'second.yaml')];
  await writeOld(first);
  await using dir = await watched(tmp.path);
  await link(first, second);
  await dir.untilReported('changed', second);
  expect(dir.count('removed', first)).toBe(0);
});

test('200 files at once are all reported, each with its whole text', async () => {
  await using tmp = await temporaryDirectory();
  await using dir = await watched(tmp.path);
  const paths = Array.from({ length: 200 }, (_, n) => join(tmp.path, `vm-${n}.yaml`));
  await Promise.all(paths.map((path) => writeFile(path, TEXT)));
  await until('all are reported', () => paths.every((path) => dir.count('changed', path) > 0));
  expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(paths.map(() => TEXT));
});

test('a linked file is followed: an edit of what it leads to is a change', async () => {
  await using tmp = await temporaryDirectory();
  const real = join(tmp.path, 'real.txt');
  const vms = join(tmp.path, 'vms');
  const path = join(vms, 'web.yaml');
  await mkdir(vms);
  await writeOld(real);
  await symlink(real, path);
  await using dir = await watched(vms);
  expect(dir.count('changed', path)).toBe(1);
  await appendFile(real, 'spec: {}\n');
  await dir.untilReported('changed', path, 1);
  await writeFile(`${real}.new`, `${TEXT}metadata: {}\n`);
  await rename(`${real}.new`, real);
  await dir.untilReported('changed', path, 2);
});

test('a link that leads nowhere is a change, not a removal, and so is its repair', async () => {
  await using tmp = await temporaryDirectory();
  const real = join(tmp.path, 'real.txt');
  const vms = join(tmp.path, 'vms');
  const path = join(vms, 'web.yaml');
  await mkdir(vms);
  await writeOld(real);
  await symlink(real, path);
  await using dir = await watched(vms);
  await rm(real);
  await dir.untilReported('changed', path, 1);
  await writeFile(real, TEXT);
  await dir.untilReported('changed', path, 2);
  expect(dir.count('removed', path)).toBe(0);
});

test('manifests linked through a hidden link change when that link is swapped', async () => {
  await using tmp = await temporaryDirectory();
  const at = (...parts: string[]): string => join(tmp.path, ...parts);
  for (const version of ['v1', 'v2']) {
    await mkdir(at('vms', `..${version}`), { recursive: true });
    await writeOld(at('vms', `..${version}`, 'web.yaml'), `${TEXT}# ${version}\n`);
  }
  await symlink('..v1', at('vms', '..data'));
  await symlink('..data/web.yaml', at('vms', 'web.yaml'));
  await using dir = await watched(at('vms'));
  await symlink('..v2', at('vms', '..next'));
  await rename(at('vms', '..next'), at('vms', '..data'));
  await dir.untilReported('changed', at('vms', 'web.yaml'), 1);
});

test.for(['with space', 'ünï', 'slash/at-the-end/', 'back\\slash', '~', '.hidden.yaml'])(
  'edits are seen in a directory named %j',
  async (name) => {
    await using tmp = await temporaryDirectory();
    const vms = `${tmp.path}/${name}`;
    const path = join(vms, 'web.yaml');
    await mkdir(vms, { recursive: true });
    await using dir = await watched(vms);
    await writeFile(path, TEXT);
    await dir.untilReported('changed', path);
  },
);
