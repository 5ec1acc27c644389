/**
 * Run by state-file.test.ts on a file system of its own at /mnt: stores something, makes the disk full or read-only,
 * opens the state database there, and tells what can be done with it then and afterwards.
 *
 * Arguments: how the first daemon ended (`closed`, `killed`, `never`), what is wrong with the disk (`full`, `ro`).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { StateDb } from '../../../src/host/state-db.ts';
import { services, vm } from './state-support.ts';

const DIR = '/mnt/state';
const FILLER = '/mnt/filler';
const [ended, trouble] = process.argv.slice(2);
let now = Date.UTC(2026, 10, 22);

if (process.argv[4] === 'first') {
  const { db } = StateDb.open(DIR, services);
  db.reserveResourceVersions(10);
  db.saveVm(vm('web'));
  if (ended === 'killed') process.kill(process.pid, 'SIGKILL');
  db[Symbol.dispose]();
} else {
  mkdirSync(`${DIR}/instances/some`, { recursive: true });
  if (ended !== 'never')
    spawnSync(process.execPath, [import.meta.filename, ended ?? '', '', 'first'], {
      stdio: 'inherit',
    });
  spoil();
  const troubles: (string | undefined)[] = [];
  const { db, lost } = StateDb.open(DIR, {
    ...services,
    clock: { now: () => now },
    onWriteTrouble: (words) => troubles.push(words?.split(';')[0]),
  });
  const found = db.vms().map(({ name }) => name);
  const refused = attempt(() => db.saveVm(vm('new')));
  const versions = [db.reserveResourceVersions(5), db.reserveResourceVersions(5)];
  mend();
  now += 2000;
  db.saveVm(vm('new'));
  versions.push(db.reserveResourceVersions(5));
  const after = db.vms().map(({ name }) => name);
  db[Symbol.dispose]();
  const told = { lost: lost?.split(';')[0], found, refused, troubles: [...new Set(troubles)] };
  const [first = 0, second = 0, third = 0] = versions;
  const rising = 10 < first && first + 5 <= second && second + 5 <= third;
  process.stdout.write(JSON.stringify({ ...told, rising, after }));
}

function spoil(): void {
  if (trouble === 'ro') execFileSync('mount', ['-o', 'remount,ro', '/mnt']);
  else
    try {
      for (;;) appendFileSync(FILLER, Buffer.alloc(4096));
    } catch {
      // Full.
    }
}

function mend(): void {
  if (trouble === 'ro') execFileSync('mount', ['-o', 'remount,rw', '/mnt']);
  else rmSync(FILLER);
}

function attempt(work: () => void): string {
  try {
    work();
    return 'done';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
