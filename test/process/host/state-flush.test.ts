/** The journal of the state database on its way to the disk. */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { StateDb } from '../../../src/host/state-db.ts';
import { openStateFile, rewriteJournal, stateFilePath } from '../../../src/host/state-open.ts';
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
