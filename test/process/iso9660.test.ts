/** The ISO images that solovirt writes, as other programs read them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type IsoFile, writeIso9660 } from '../../src/core/seed/iso9660.ts';
import { MAX_NAME_BYTES } from '../../src/core/seed/iso9660-names.ts';

interface IsoOnDisk extends AsyncDisposable {
  readonly path: string;
}

async function onDisk(label: string, files: readonly IsoFile[]): Promise<IsoOnDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'iso-'));
  const path = join(dir, 'disk.iso');
  await writeFile(path, writeIso9660(label, files));
  return { path, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

async function isoinfo(path: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execa('isoinfo', ['-i', path, ...args], { stripFinalNewline: false });
  return stdout;
}

/** Paths of all that is on it, folders too, without the leading slash. */
async function listing(path: string, names: '-R' | '-J'): Promise<readonly string[]> {
  const lines = (await isoinfo(path, names, '-f')).split('\n');
  return lines.filter((line) => line !== '').map((line) => line.slice(1));
}

function file(path: string, text: string): IsoFile {
  return { path, bytes: new TextEncoder().encode(text) };
}

test.for(['-R', '-J'] as const)('names and contents are read with %s', async (names) => {
  const large = 'a line of text\n'.repeat(1000);
  await using iso = await onDisk('config-2', [
    file('openstack/latest/meta_data.json', '{}'),
    file('openstack/latest/user_data', large),
    file('User Data.txt', 'x'),
    file('empty', ''),
  ]);
  expect((await listing(iso.path, names)).toSorted()).toEqual([
    'User Data.txt',
    'empty',
    'openstack',
    'openstack/latest',
    'openstack/latest/meta_data.json',
    'openstack/latest/user_data',
  ]);
  expect(await isoinfo(iso.path, names, '-x', '/openstack/latest/user_data')).toBe(large);
  expect(await isoinfo(iso.path, names, '-x', '/empty')).toBe('');
});

test('the label is found by programs that look for disks', async () => {
  await using iso = await onDisk('cidata', [file('user-data', '')]);
  const { stdout } = await execa('blkid', [
    '-p',
    '-s',
    'LABEL',
    '-s',
    'TYPE',
    '-o',
    'export',
    iso.path,
  ]);
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['LABEL=cidata', 'TYPE=iso9660']));
});

test('names that are the same when they are cut stay apart', async () => {
  const long = (end: string) => 'n'.repeat(MAX_NAME_BYTES - end.length) + end;
  await using iso = await onDisk('x', [
    file(long('a'), '1'),
    file(long('b'), '2'),
    file(long('c'), '3'),
  ]);
  expect(await listing(iso.path, '-R')).toEqual([long('a'), long('b'), long('c')]);
  expect(new Set(await listing(iso.path, '-J')).size).toBe(3);
});

test('any files come back as they were', async () => {
  const part = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
  const bytes = fc.uint8Array({ maxLength: 5000 });
  const files = fc.uniqueArray(fc.record({ path: part, bytes }), {
    maxLength: 60,
    selector: ({ path }) => path,
  });
  await fc.assert(
    fc.asyncProperty(files, async (wanted) => {
      await using iso = await onDisk('data', wanted);
      const paths = wanted.map(({ path }) => path);
      expect((await listing(iso.path, '-R')).toSorted()).toEqual(paths.toSorted());
      const [first] = wanted;
      if (first === undefined) return;
      const { stdout } = await execa('isoinfo', ['-i', iso.path, '-R', '-x', `/${first.path}`], {
        encoding: 'buffer',
        stripFinalNewline: false,
      });
      expect(Buffer.from(stdout).equals(first.bytes)).toBe(true);
    }),
    { numRuns: 30 },
  );
});
