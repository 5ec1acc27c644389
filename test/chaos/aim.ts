/**
 * Loaded into a daemon before its own code (`node --import`): ends it, as `kill -9` would, just before or just after
 * its nth record or effect, as the query of this module's URL says (`?point=after-record&nth=3`). Knows nothing of the daemon, only of Node:
 *
 * - a record is a write to SQLite that is complete: a statement outside a transaction, or a COMMIT;
 * - an effect is a process that is started, a signal, a line to a monitor of QEMU, or a rename.
 */
import { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const wanted = new URL(import.meta.url).searchParams;
const point = wanted.get('point');
const kill = process.kill.bind(process);
let left = Number(wanted.get('nth'));

function reached(here: string): void {
  if (here !== point) return;
  left -= 1;
  if (left > 0) return;
  fs.writeSync(2, `aim: ${wanted}\n`);
  kill(process.pid, 'SIGKILL');
}

type Method = (this: never, ...args: never[]) => unknown;

/** Calls of the method that `counts` pick out are records or effects. */
function aimAt(
  owner: object,
  name: string,
  what: 'record' | 'effect',
  counts: (self: unknown, args: readonly unknown[]) => boolean = () => true,
): void {
  const slot = owner as Record<string, Method | undefined>;
  const original = slot[name];
  if (original === undefined) throw new Error(`Node has no ${name} any more`);
  slot[name] = function (this: never, ...args: never[]): unknown {
    const counted = counts(this, args);
    if (counted) reached(`before-${what}`);
    const result = original.apply(this, args);
    if (counted) reached(`after-${what}`);
    return result;
  };
}

const databases = new WeakMap<object, DatabaseSync>();
const prepare = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (this: DatabaseSync, ...args): StatementSync {
  const statement = prepare.apply(this, args);
  databases.set(statement, this);
  return statement;
};

function writesAlone(statement: unknown): boolean {
  if (!(statement instanceof StatementSync)) return false;
  return (
    databases.get(statement)?.isTransaction === false && !/^\s*SELECT/i.test(statement.sourceSQL)
  );
}

aimAt(StatementSync.prototype, 'run', 'record', writesAlone);
aimAt(StatementSync.prototype, 'get', 'record', writesAlone);
aimAt(DatabaseSync.prototype, 'exec', 'record', (_, [sql]) => /COMMIT/.test(String(sql)));

aimAt(ChildProcess.prototype, 'spawn', 'effect');
aimAt(process, 'kill', 'effect');
aimAt(fs.promises, 'rename', 'effect');
aimAt(fs.promises, 'rm', 'effect');
aimAt(Socket.prototype, 'write', 'effect', (_, [data]) => String(data).includes('"execute"'));
syncBuiltinESMExports();
