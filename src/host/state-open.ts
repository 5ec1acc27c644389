/**
 * Opens the state database file: checks it, brings the schema about, and sets a damaged or newer one aside, all
 * before anybody sees the handle.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../ports.ts';
import { isDamage, plainWords, StateOpenError } from './state-errors.ts';

/** Raised with every change of the schema below. */
export const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE vms (
    namespace TEXT NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT;
  CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL UNIQUE,
    entry TEXT NOT NULL, evidence TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_by_vm ON runs (namespace, name, seq);
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,
    at INTEGER NOT NULL, instance_uid TEXT
  ) STRICT;
  CREATE INDEX events_by_vm ON events (namespace, name, seq);
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE unreadable (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, reason TEXT NOT NULL
  ) STRICT;
`;

/** How long to wait for another program, such as sqlite3 used by hand. The whole daemon waits. */
const BUSY_TIMEOUT_MS = 1000;

export interface OpenedState {
  readonly database: DatabaseSync;
  /** Where an unusable database went, and why it was unusable. */
  readonly setAside?: { readonly path: string; readonly reason: string };
}

/**
 * @throws StateOpenError when the place is to blame rather than the file
 */
export function openStateFile(stateDir: string, clock: Clock): OpenedState {
  const path = `${stateDir}/state.db`;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const first = tryOpen(path);
    if (typeof first !== 'string') return { database: first };
    const aside = setAside(path, clock.now());
    const second = tryOpen(path);
    if (typeof second !== 'string') {
      return { database: second, setAside: { path: aside, reason: first } };
    }
    throw new Error(`a new one is no better: ${second}`);
  } catch (error) {
    throw new StateOpenError(`state database ${path} cannot be opened: ${plainWords(error)}`, {
      cause: error,
    });
  }
}

/** @returns the database, or why this file is no good */
function tryOpen(path: string): DatabaseSync | string {
  // SQLite would make it readable for all; -wal and -shm take over the mode.
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
  chmodSync(path, 0o600);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    const fault = findFault(database);
    if (fault === undefined) return database;
    database.close();
    return fault;
  } catch (error) {
    database.close();
    if (isDamage(error)) return plainWords(error);
    throw error;
  }
}

function findFault(database: DatabaseSync): string | undefined {
  const version = single(database, 'PRAGMA user_version');
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    return `it was written by a newer solovirt (schema ${version}, this one knows ${SCHEMA_VERSION})`;
  }
  const check = single(database, 'PRAGMA quick_check(1)');
  if (check !== 'ok') return `it is damaged: ${String(check)}`;
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  if (version === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  }
  return undefined;
}

function single(database: DatabaseSync, sql: string): unknown {
  const row = database.prepare(sql).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

/** Moved with its journal, for only together they are what was stored. */
function setAside(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let aside = `${path}.damaged-${stamp}`;
  for (let n = 2; existsSync(aside); n += 1) aside = `${path}.damaged-${stamp}-${n}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
