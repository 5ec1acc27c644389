/**
 * The state database as a file: who may read it, and what happens when it cannot be used.
 */
import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { StateDb } from '../../../src/host/state-db.ts';
import { StateOpenError, StateWriteError } from '../../../src/host/state-errors.ts';
import { reopened, services, vm } from './state-support.ts';
import { asOrdinaryUser, temporaryDirectory } from './support.ts';

describe('the file', () => {
  test('is for the daemon alone', async () => {
    await using tmp = await temporaryDirectory();
    const dir = join(tmp.path, 'a', 'state');
    const { db } = StateDb.open(dir, services);
    using open = db;
    open.saveVm(vm('web'));
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(dir)) {
      expect([name, (await stat(join(dir, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  test.for<[string, (path: string) => Promise<void>, RegExp]>([
    ['is no database', (path) => writeFile(path, 'text '.repeat(2000)), /not a database/],
    ['is damaged inside', damagePages, /damaged/],
    [
      'was cut off',
      async (path) => writeFile(path, (await readFile(path)).subarray(0, 8192)),
      /damaged/,
    ],
    ['is of a newer version', makeNewer, /newer solovirt \(schema 99, this one knows 1\)/],
  ])('that %s is set aside, whole, and said so', async ([, harm, reason]) => {
    await using tmp = await temporaryDirectory();
    const path = join(tmp.path, 'state.db');
    reopened(tmp.path, (db) => {
      for (let n = 0; n < 50; n += 1) db.saveVm(vm(`vm-${n}`));
    });
    await harm(path);
    const before = await readFile(path);
    const { db, setAside } = StateDb.open(tmp.path, services);
    using open = db;
    const aside = `${path}.damaged-20261122T170000Z`;
    expect(setAside).toMatch(reason);
    expect(setAside).toContain(`moved to ${aside}, and an empty one is used`);
    expect(await readFile(aside)).toEqual(before);
    expect(open.vms()).toEqual([]);
    open.saveVm(vm('web'));
  });

  test('set aside twice in a second gets two names', async () => {
    await using tmp = await temporaryDirectory();
    for (let n = 0; n < 2; n += 1) {
      await writeFile(join(tmp.path, 'state.db'), 'x'.repeat(5000));
      reopened(tmp.path, () => undefined);
    }
    expect((await readdir(tmp.path)).filter((name) => name.includes('damaged'))).toEqual([
      'state.db.damaged-20261122T170000Z',
      'state.db.damaged-20261122T170000Z-2',
    ]);
  });

  test('in a directory that cannot be used is an error', async () => {
    await using tmp = await temporaryDirectory();
    await chmod(tmp.path, 0o555);
    const attempt = asOrdinaryUser(async () => StateDb.open(join(tmp.path, 'state'), services));
    await expect(attempt).rejects.toThrow(StateOpenError);
    await chmod(tmp.path, 0o755);
    await writeFile(join(tmp.path, 'file'), '');
    expect(() => StateDb.open(join(tmp.path, 'file'), services)).toThrow(StateOpenError);
  });

  test('that another program keeps locked is a clear error, and works afterwards', async () => {
    await using tmp = await temporaryDirectory();
    const { db } = StateDb.open(tmp.path, services);
    using open = db;
    using other = new DatabaseSync(join(tmp.path, 'state.db'));
    other.exec('BEGIN IMMEDIATE');
    const words = 'the state database cannot be written: another program keeps it locked';
    expect(() => open.saveVm(vm('web'))).toThrow(new StateWriteError(words));
    other.exec('COMMIT');
    open.saveVm(vm('web'));
    expect(open.vms()).toEqual([vm('web')]);
  });
});

/** Overwrites every page but the first two. */
async function damagePages(path: string): Promise<void> {
  const content = await readFile(path);
  content.fill(0x5a, 8192);
  await writeFile(path, content);
}

function makeNewer(path: string): Promise<void> {
  using raw = new DatabaseSync(path);
  raw.exec('PRAGMA user_version = 99');
  return Promise.resolve();
}

const canMount = ((): boolean => {
  try {
    execFileSync('unshare', [
      '--user',
      '--map-root-user',
      '--mount',
      'mount',
      '-t',
      'tmpfs',
      'none',
      '/mnt',
    ]);
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!canMount)('a full disk refuses the change in plain words and loses nothing', () => {
  const script = 'mount -t tmpfs -o size=400k none /mnt && exec "$@"';
  const child = join(import.meta.dirname, 'fill-state.ts');
  const args = ['sh', '-ec', script, 'sh', process.execPath, child, '/mnt/state'];
  const output = execFileSync('unshare', ['--user', '--map-root-user', '--mount', ...args], {
    encoding: 'utf8',
  });
  expect(output).toBe(
    'StateWriteError: the state database cannot be written: no space left on the disk\nall there\n',
  );
});
