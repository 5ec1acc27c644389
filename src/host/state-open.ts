/**
 * Opens the state database file: checks it, brings the schema about, and sets a damaged or newer one aside, all
 * before anybody sees the handle. Where the disk is full or read-only a stand-in is opened, so that a daemon can look
 * after the guests that run.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { instancesDir } from '../core/paths.ts';
import type { Clock } from '../ports.ts';
import { makeDirectory } from './make-directory.ts';
import { isDamage, isUnwritable, plainWords, StateOpenError } from './state-errors.ts';

/** What each version of the schema adds to the one before it. A database goes through those that it lacks. */
const SCHEMA_STEPS: readonly string[] = [
  `
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
`,
  // Events that happen again are counted; they are about a VM or about an instance.
  `
  ALTER TABLE events ADD COLUMN first_at INTEGER;
  ALTER TABLE events ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE events ADD COLUMN about TEXT;
  ALTER TABLE events ADD COLUMN vm_uid TEXT;
  CREATE UNIQUE INDEX events_by_uid ON events (uid);
`,
];

/** Kept in the database as `user_version`. */
export const SCHEMA_VERSION = SCHEMA_STEPS.length;

const TABLES = ['vms', 'runs', 'events', 'counters', 'notes', 'unreadable'];

/** How long to wait for another program, such as sqlite3 used by hand. The whole daemon waits. */
const BUSY_TIMEOUT_MS = 1000;

export function stateFilePath(stateDir: string): string {
  return `${stateDir}/state.db`;
}

export interface OpenedState {
  readonly database: DatabaseSync;
  /** What is not in it although it was stored once: one clause for people. */
  readonly lost?: string;
  /** Why the file cannot be written. The database can only be read then; it may be another opening of the file. */
  readonly readOnly?: string;
}

/**
 * @throws StateOpenError when the place is to blame rather than the file, and what is stored cannot be read either
 */
export function openStateFile(stateDir: string, clock: Clock): OpenedState {
  const path = stateFilePath(stateDir);
  try {
    makeDirectory(stateDir, 0o700);
    return openToWrite(stateDir, path, clock);
  } catch (error) {
    const standIn = isUnwritable(error) ? openToRead(path, whyNot(stateDir, error)) : undefined;
    if (standIn !== undefined) return standIn;
    throw new StateOpenError(`state database ${path} cannot be opened: ${plainWords(error)}`, {
      cause: error,
    });
  }
}

/** The file system says it more plainly than SQLite. */
function whyNot(stateDir: string, error: unknown): string {
  try {
    accessSync(stateDir, constants.W_OK);
    return plainWords(error);
  } catch (refusal) {
    return plainWords(refusal);
  }
}

function openToWrite(stateDir: string, path: string, clock: Clock): OpenedState {
  const isNew = !existsSync(path) || statSync(path).size === 0;
  const first = tryOpen(path);
  if (typeof first !== 'string') {
    if (!isNew || !hasInstances(stateDir)) return { database: first };
    return { database: first, lost: 'the state database was missing; a new one was made' };
  }
  const aside = setAside(path, clock.now());
  const second = tryOpen(path);
  if (typeof second === 'string') throw new Error(`a new one is no better: ${second}`);
  const lost = `the state database could not be used: ${first}; it was moved to ${aside}, and an empty one is used instead`;
  return { database: second, lost };
}

/** There were instances, so there was a database. */
function hasInstances(stateDir: string): boolean {
  const dir = instancesDir(stateDir);
  return existsSync(dir) && readdirSync(dir).length > 0;
}

/** @returns undefined when something is stored that cannot be read at present */
function openToRead(path: string, readOnly: string): OpenedState | undefined {
  if (!existsSync(path)) return emptyStandIn(readOnly, 'the state database is missing');
  const wal = `${path}-wal`;
  const isWhole = !existsSync(wal) || statSync(wal).size === 0;
  // Beside a journal, SQLite needs an index that it cannot make anew here.
  for (const place of [path, ...(isWhole ? [`file:${encodeURI(path)}?immutable=1`] : [])]) {
    const found = tryRead(place);
    if (found === undefined) continue;
    if (typeof found !== 'string') return { database: found, readOnly };
    return emptyStandIn(readOnly, `the state database cannot be used: ${found}`);
  }
  return undefined;
}

/** @returns the database, why its content is no good, or undefined when nobody can tell */
function tryRead(place: string): DatabaseSync | string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(place, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    const fault = findFault(database);
    if (fault === undefined && single(database, 'PRAGMA user_version') !== 0) return database;
    database.close();
    return fault ?? 'it is empty';
  } catch (error) {
    database?.close();
    return isDamage(error) ? plainWords(error) : undefined;
  }
}

function emptyStandIn(readOnly: string, lost: string): OpenedState {
  const database = new DatabaseSync(':memory:');
  database.exec(`${SCHEMA_STEPS.join('')} PRAGMA query_only = ON`);
  return { database, readOnly, lost };
}

/** @returns the database, or why this file is no good */
function tryOpen(path: string): DatabaseSync | string {
  // SQLite would make it readable for all; -wal and -shm take over the mode.
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
  if ((statSync(path).mode & 0o777) !== 0o600) chmodSync(path, 0o600);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    const fault = findFault(database);
    if (fault === undefined) {
      bringAbout(database);
      return database;
    }
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
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const names = new Set(tables.map(({ name }) => name));
  if (version === 0) return names.size === 0 ? undefined : 'it is the database of another program';
  const missing = TABLES.find((name) => !names.has(name));
  return missing === undefined ? undefined : `it lacks the table ${missing}`;
}

function bringAbout(database: DatabaseSync): void {
  const hasJournal = single(database, 'PRAGMA journal_mode = WAL') === 'wal';
  // A journal is flushed by `state-flush.ts`; NORMAL keeps it in order (https://sqlite.org/pragma.html#pragma_synchronous).
  database.exec(`PRAGMA synchronous = ${hasJournal ? 'NORMAL' : 'FULL'}; PRAGMA foreign_keys = ON`);
  const version = Number(single(database, 'PRAGMA user_version'));
  if (version >= SCHEMA_VERSION) return;
  const steps = SCHEMA_STEPS.slice(version).join('');
  database.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

/**
 * Takes everything that the journal holds into the database and flushes that, so that the journal is not needed.
 * @throws what SQLite has against it
 */
export function rewriteJournal(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  if (row?.['busy'] !== 0) throw new Error('another program reads the state database');
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
