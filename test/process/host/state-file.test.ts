/**
 * The state database as a file: who may read it, and what happens when it cannot be used.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { StateDb } from '../../../src/host/state-db.ts';
import { StateOpenError, StateWriteError } from '../../../src/host/state-errors.ts';
import { event, reopened, services, vm } from './state-support.ts';
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
    ["is another program's", makeForeign, /the database of another program/],
    ['lacks a table', dropTable, /it lacks the table runs/],
    ['is of a newer version', makeNewer, /newer solovirt \(schema 99, this one knows \d+\)/],
  ])('that %s is set aside, whole, and said so', async ([, harm, reason]) => {
    await using tmp = await temporaryDirectory();
    const path = join(tmp.path, 'state.db');
    reopened(tmp.path, (db) => {
      for (let n = 0; n < 50; n += 1) db.saveVm(vm(`vm-${n}`));
    });
    await harm(path);
    const before = await readFile(path);
    const { db, lost } = StateDb.open(tmp.path, services);
    using open = db;
    const aside = `${path}.damaged-20261122T170000Z`;
    expect(lost).toMatch(reason);
    expect(lost).toContain(`moved to ${aside}, and an empty one is used`);
    expect(await readFile(aside)).toEqual(before);
    expect(open.vms()).toEqual([]);
    open.saveVm(vm('web'));
  });

  test('of an older version goes on with all that it has', async () => {
    await using tmp = await temporaryDirectory();
    const path = join(tmp.path, 'state.db');
    reopened(tmp.path, (db) => db.saveVm(vm('web')));
    makeOlder(path);
    const old = [event(1), event(2, { instanceUid: 'i-1' })];
    reopened(tmp.path, (db) => {
      expect([db.vms(), db.events()]).toEqual([[vm('web')], old]);
      db.saveEvent(event(3));
    });
    expect(reopened(tmp.path, (db) => db.events())).toEqual([...old, event(3)]);
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

/** As before events were counted. */
function makeOlder(path: string): void {
  using raw = new DatabaseSync(path);
  raw.exec('DROP INDEX events_by_uid');
  for (const column of ['first_at', 'count', 'about', 'vm_uid'])
    raw.exec(`ALTER TABLE events DROP COLUMN ${column}`);
  raw.exec(`PRAGMA user_version = 1;
    INSERT INTO events (uid, namespace, name, type, reason, message, at, instance_uid) VALUES
      ('e-1', 'default', 'web', 'Normal', 'Started', 'text', 1, NULL),
      ('e-2', 'default', 'web', 'Normal', 'Started', 'text', 2, 'i-1')`);
}

function makeForeign(path: string): Promise<void> {
  using raw = new DatabaseSync(path);
  raw.exec('PRAGMA user_version = 0');
  return Promise.resolve();
}

function dropTable(path: string): Promise<void> {
  using raw = new DatabaseSync(path);
  raw.exec('DROP TABLE runs');
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

const STORED = ['web'];
const NO_SPACE = 'no space left on the disk';
const READ_ONLY = 'its file system is read-only';

test.skipIf(!canMount).for([
  { last: 'closed', disk: 'full', found: STORED, reason: NO_SPACE },
  { last: 'killed', disk: 'full', found: STORED, reason: NO_SPACE },
  { last: 'never', disk: 'full', found: [], reason: NO_SPACE },
  { last: 'closed', disk: 'ro', found: STORED, reason: READ_ONLY },
  { last: 'killed', disk: 'ro', found: STORED, reason: READ_ONLY },
  { last: 'never', disk: 'ro', found: [], reason: READ_ONLY },
])(
  'on a disk that is $disk, last $last: what is there is read, nothing can be stored, and later it can',
  ({ last, disk, found, reason }) => {
    const script = 'mount -t tmpfs -o size=1m none /mnt && exec "$@"';
    const child = join(import.meta.dirname, 'unwritable-state.ts');
    const args = ['sh', '-ec', script, 'sh', process.execPath, child, last, disk];
    const output = execFileSync('unshare', ['--user', '--map-root-user', '--mount', ...args], {
      encoding: 'utf8',
    });
    const told = JSON.parse(output);
    expect(told).toMatchObject({ found, refused: 'StateWriteError', rising: true });
    expect(told.troubles).toHaveLength(2);
    expect(told.troubles[0]).toContain(`the state database cannot be written: `);
    expect(told.troubles[0]).toContain(reason);
    expect(told.troubles[1]).toBeNull();
    expect(told.after).toEqual(['new', ...found]);
    if (found.length === 0) expect(told.lost).toContain('the state database');
    else expect(told).not.toHaveProperty('lost');
  },
);

test('one that is missing although there were instances is told', async () => {
  await using tmp = await temporaryDirectory();
  const fresh = StateDb.open(tmp.path, services);
  fresh.db[Symbol.dispose]();
  expect(fresh).not.toHaveProperty('lost');
  await mkdir(join(tmp.path, 'instances', 'some'), { recursive: true });
  await rm(join(tmp.path, 'state.db'));
  const { db, lost } = StateDb.open(tmp.path, services);
  using open = db;
  expect(lost).toMatch(/^the state database was missing; a new one was made; lost: .*not lost: /);
  expect(open.reserveResourceVersions(1)).toBeGreaterThan(services.clock.now());
});
