/** The journal of the state database on its way to the disk. */
import { readdirSync, readlinkSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { StateDb } from '../../../src/host/state-db.ts';
import { StateWriteError } from '../../../src/host/state-errors.ts';
import { openStateFile, rewriteJournal, stateFilePath } from '../../../src/host/state-open.ts';
import { ParsedTexts } from '../../../src/supervisor/parsed-texts.ts';
import { Records } from '../../../src/supervisor/records.ts';
import { services, vm } from './state-support.ts';
import { temporaryDirectory } from './support.ts';

/** Names of the files below `dir` that this process holds open. */
function openFiles(dir: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(`${dir}/`) ? [basename(path)] : [];
    } catch {
      return [];
    }
  });
}

describe('a journal that is written anew', () => {
  test('has gone into the database file', async () => {
    await using tmp = await temporaryDirectory();
    const path = stateFilePath(tmp.path);
    const { database } = openStateFile(tmp.path, services.clock);
    database.exec("INSERT INTO notes VALUES ('a', 'b')");
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    rewriteJournal(database);
    expect(statSync(`${path}-wal`).size).toBe(0);
    await copyFile(path, join(tmp.path, 'copy.db'));
    database.close();
    using copy = new DatabaseSync(join(tmp.path, 'copy.db'));
    expect(copy.prepare('SELECT value FROM notes').get()).toEqual({ value: 'b' });
  });

  test('is not, while another program reads: that is told', async () => {
    await using tmp = await temporaryDirectory();
    const { database } = openStateFile(tmp.path, services.clock);
    using reader = new DatabaseSync(stateFilePath(tmp.path));
    reader.exec('BEGIN; SELECT * FROM notes');
    database.exec("PRAGMA busy_timeout = 0; INSERT INTO notes VALUES ('a', 'b')");
    expect(() => rewriteJournal(database)).toThrow('another program reads the state database');
    database.close();
  });
});

test('what is flushed is waited for, and nothing is left open', async () => {
  await using tmp = await temporaryDirectory();
  const { db } = StateDb.open(tmp.path, services);
  db.saveVm(vm('web'));
  await db.flushed();
  const journals = openFiles(tmp.path).filter((name) => name === 'state.db-wal');
  expect(journals).toHaveLength(2);
  db.saveVm(vm('web', { generation: 2 }));
  db[Symbol.dispose]();
  await db.flushed();
  expect(openFiles(tmp.path)).toEqual([]);
  const { db: again } = StateDb.open(tmp.path, services);
  expect(again.vms()[0]?.generation).toBe(2);
  again[Symbol.dispose]();
});

describe('a journal that the disk does not take, while it cannot be written anew either', () => {
  /** Until it is disposed of. */
  function unflushable(dir: string): Disposable {
    const path = stateFilePath(dir);
    const reader = new DatabaseSync(path);
    reader.exec('BEGIN; SELECT * FROM notes');
    renameSync(`${path}-wal`, `${path}-aside`);
    symlinkSync(`${path}-wal`, `${path}-wal`);
    return { [Symbol.dispose]: () => reader.close() };
  }

  test('is told, and flushed when it can be', async () => {
    await using tmp = await temporaryDirectory();
    const told: (string | undefined)[] = [];
    const onWriteTrouble = (trouble: string | undefined) => told.push(trouble);
    const { db } = StateDb.open(tmp.path, { ...services, onWriteTrouble });
    using open = db;
    const trouble = unflushable(tmp.path);
    open.saveVm(vm('web'));
    await expect(open.flushed()).rejects.toThrow(StateWriteError);
    expect(told.at(-1)).toContain('none is started or stopped');
    trouble[Symbol.dispose]();
    await open.flushed();
    expect(told.at(-1)).toBeUndefined();
  });

  test('leaves no trace of what was asked for', async () => {
    await using tmp = await temporaryDirectory();
    const { db } = StateDb.open(tmp.path, services);
    using open = db;
    const records = new Records(open, new ParsedTexts());
    records.save(vm('web'));
    using _ = unflushable(tmp.path);
    const wish = vm('web', { startRequest: { paused: false, at: 1 } });
    await expect(records.saveForGood(wish)).rejects.toThrow(StateWriteError);
    expect(records.get('default/web')).toEqual(vm('web'));
    expect(open.vms()).toEqual([vm('web')]);
  });
});
