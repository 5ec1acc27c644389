/**
 * What happens to the VM directory itself: nothing that befalls it may count as the deletion of VMs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, rename, rm, rmdir, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asOrdinaryUser, temporaryDirectory, until } from './support.ts';
import { type Watched, watched } from './vm-directory-support.ts';

const TEXT = 'kind: VirtualMachine\n';
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

async function fill(dir: string, ...names: string[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of names) {
    await writeFile(join(dir, name), TEXT);
    await utimes(join(dir, name), LONG_AGO, LONG_AGO);
  }
}

function removals(dir: Watched): string[] {
  return dir.batches.flat().flatMap(({ kind, path }) => (kind === 'removed' ? [path] : []));
}

test('a directory that is missing at the start is a trouble until it appears', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  await using dir = await watched(vms);
  expect(dir.troubles).toEqual([expect.stringContaining(`${vms} does not exist`)]);
  await fill(vms, 'web.yaml');
  await dir.untilReported('changed', join(vms, 'web.yaml'));
  await dir.untilWell();
});

test('a directory removed and recreated keeps its files, and edits are seen again', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  const web = join(vms, 'web.yaml');
  await fill(vms, 'web.yaml');
  await using dir = await watched(vms);
  await rm(vms, { recursive: true });
  await dir.untilTrouble(/does not exist/);
  expect(dir.directory.files()).toEqual([web]);
  await fill(vms, 'web.yaml');
  await dir.untilWell();
  await dir.untilReported('changed', web, 1);
  await writeFile(web, `${TEXT}spec: {}\n`);
  await dir.untilReported('changed', web, 2);
  expect(removals(dir)).toEqual([]);
});

test('files that are still missing when the directory is back are removed', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  await fill(vms, 'a.yaml', 'b.yaml');
  await using dir = await watched(vms);
  await rename(vms, join(tmp.path, 'away'));
  await dir.untilTrouble(/does not exist/);
  await unlink(join(tmp.path, 'away', 'a.yaml'));
  await rename(join(tmp.path, 'away'), vms);
  await dir.untilReported('removed', join(vms, 'a.yaml'));
  await dir.untilWell();
  expect(dir.directory.files()).toEqual([join(vms, 'b.yaml')]);
});

test('a directory replaced by an empty one is a trouble, and well again with its files', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  await fill(vms, 'web.yaml');
  await using dir = await watched(vms);
  await rename(vms, join(tmp.path, 'away'));
  await mkdir(vms);
  await dir.untilTrouble(/replaced by an empty one/);
  await rmdir(vms);
  await rename(join(tmp.path, 'away'), vms);
  await dir.untilWell();
  expect(removals(dir)).toEqual([]);
});

test('removing a directory and making it anew at once does not count as removing its files', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  await fill(vms, 'web.yaml');
  await using dir = await watched(vms);
  execFileSync('sh', ['-c', 'rm -r "$1" && mkdir "$1"', 'sh', vms]);
  await dir.untilTrouble(/replaced by an empty one/);
  expect(removals(dir)).toEqual([]);
});

test('removing the last file of a directory removes it', async () => {
  await using tmp = await temporaryDirectory();
  await fill(tmp.path, 'web.yaml');
  await using dir = await watched(tmp.path);
  await unlink(join(tmp.path, 'web.yaml'));
  await dir.untilReported('removed', join(tmp.path, 'web.yaml'));
  expect(dir.troubles).toEqual([]);
});

test('a linked directory that is pointed elsewhere is followed', async () => {
  await using tmp = await temporaryDirectory();
  const at = (...parts: string[]): string => join(tmp.path, ...parts);
  await fill(at('one'), 'web.yaml');
  await fill(at('two'), 'web.yaml', 'db.yaml');
  await symlink('one', at('vms'));
  await using dir = await watched(at('vms'));
  await symlink('two', at('vms.new'));
  await rename(at('vms.new'), at('vms'));
  await dir.untilReported('changed', at('vms', 'db.yaml'));
  await dir.untilReported('changed', at('vms', 'web.yaml'), 1);
  await writeFile(at('two', 'db.yaml'), `${TEXT}spec: {}\n`);
  await dir.untilReported('changed', at('vms', 'db.yaml'), 1);
  expect(removals(dir)).toEqual([]);
});

test('a directory that was replaced by a file is a trouble', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  await fill(vms, 'web.yaml');
  await using dir = await watched(vms);
  await rm(vms, { recursive: true });
  await writeFile(vms, '');
  await dir.untilTrouble(/is not a directory/);
  expect(removals(dir)).toEqual([]);
});

test('a directory without permission is a trouble', async () => {
  await using tmp = await temporaryDirectory();
  const vms = join(tmp.path, 'vms');
  await fill(vms, 'web.yaml');
  execFileSync('chmod', ['700', vms]);
  if (process.geteuid?.() !== 0) execFileSync('chmod', ['000', vms]);
  await asOrdinaryUser(async () => {
    await using dir = await watched(vms);
    expect(dir.troubles).toEqual([expect.stringMatching(/permission denied \(EACCES\)/)]);
  });
  execFileSync('chmod', ['755', vms]);
});

test('files known from an earlier daemon and missing now are removed, present ones reported', async () => {
  await using tmp = await temporaryDirectory();
  await fill(tmp.path, 'here.yaml');
  const [here, gone] = [join(tmp.path, 'here.yaml'), join(tmp.path, 'gone.yaml')];
  await using dir = await watched(tmp.path, { files: [here, gone] });
  expect(dir.batches).toEqual([[{ kind: 'changed', path: here }]]);
  expect(dir.directory.files()).toEqual([gone, here]);
  await dir.untilReported('removed', gone);
});

test('an empty directory at the start is a trouble when an earlier daemon knew files of another', async () => {
  await using tmp = await temporaryDirectory();
  const known = { files: [join(tmp.path, 'web.yaml')], identity: 'another' };
  await using dir = await watched(tmp.path, known);
  expect(dir.troubles).toEqual([expect.stringContaining('replaced by an empty one')]);
});

test('an empty directory at the start is emptied when it is the one the earlier daemon knew', async () => {
  await using tmp = await temporaryDirectory();
  const identity = await (async () => {
    await using before = await watched(tmp.path);
    return before.directory.identity() ?? '';
  })();
  const files = [join(tmp.path, 'web.yaml')];
  await using dir = await watched(tmp.path, { files, identity });
  await dir.untilReported('removed', join(tmp.path, 'web.yaml'));
});

/** Watches are limited per user namespace, so the limit can be reached without taking it from others. */
const inNamespace = ['--user', '--map-root-user', 'sh', '-c'];
const canLimitWatches = ((): boolean => {
  try {
    execFileSync('unshare', [...inNamespace, 'echo 0 > /proc/sys/user/max_inotify_watches'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!canLimitWatches)(
  'without inotify watches edits still take effect, and it is said',
  async () => {
    await using tmp = await temporaryDirectory();
    const vms = join(tmp.path, 'vms');
    await fill(vms, 'web.yaml');
    const script = join(import.meta.dirname, 'watch-directory.ts');
    const command = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const child = spawn('unshare', [...inNamespace, command, 'sh', process.execPath, script, vms]);
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    try {
      await until('the trouble is told', () => /trouble .*max_user_watches/.test(output));
      await until('the file is reported', () => output.includes('changed web.yaml'));
      await writeFile(join(vms, 'new.yaml'), TEXT);
      await until('the new file is reported', () => output.includes('changed new.yaml'));
    } finally {
      child.kill('SIGKILL');
    }
  },
);
