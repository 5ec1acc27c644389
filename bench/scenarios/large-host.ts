/**
 * What a host of a size that is not at hand would ask of solovirt: the real daemon, and in place of QEMU processes that
 * have its monitors and no machine (`simulation/fake-qemu`). Every number here is solovirt's own.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DRAIN_PATH } from '../../src/api/contract-paths.ts';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { Solovirt } from '../contenders/solovirt.ts';
import type { Figure, Unit } from '../figures.ts';
import { cpuMs, openFiles, residentMiB, timed } from '../measure.ts';

const FAKE = join(import.meta.dirname, '../simulation/fake-qemu');
const SIZES = [200, 2000] as const;
/** So many end at once. */
const CRASHED = 0.25;
const READ_EVERY_MS = 50;
const IDLE_MS = 20_000;

interface Readings {
  readonly start: number;
  readonly startCpu: number;
  readonly reads: readonly number[];
  readonly crash: number;
  readonly adoption: number;
  readonly idle: number;
  readonly memory: number;
  readonly files: number;
  readonly watches: number;
  readonly threads: number;
  readonly database: number;
  readonly state: number;
  readonly drain: number;
}

export async function largeHost(): Promise<readonly Figure[]> {
  const found: { readonly by: string; readonly readings: Readings }[] = [];
  for (const size of SIZES) found.push({ by: `${size} guests`, readings: await host(size) });
  const row = (
    key: keyof Readings,
    what: string,
    unit: Unit,
    more: Partial<Figure> = {},
  ): Figure => ({
    id: `large-${key}`,
    what: `stand-ins for QEMU: ${what}`,
    unit,
    series: found.map(({ by, readings }) => ({ by, values: [readings[key]].flat() })),
    ...more,
  });
  return [
    row('start', 'first file written → all run', 'ms'),
    row('startCpu', 'processor time of the daemon for each start from a file', 'ms'),
    row('reads', 'GET of one VM meanwhile: the 99th of 100', 'ms', { quantile: 0.99 }),
    row('crash', 'a quarter of them killed at once → all run', 'ms'),
    row('adoption', 'a new daemon is started → its API shows all running', 'ms'),
    row('idle', 'processor time of the daemon left alone, in per cent of a core', '%'),
    row('memory', 'resident memory of the daemon', 'MiB'),
    row('files', 'open files of the daemon', ''),
    row('watches', 'inotify watches of the daemon', ''),
    row('threads', 'threads of the daemon', ''),
    row('database', 'state database', 'kB'),
    row('state', 'evidence of one run on the disk', 'kB'),
    row('drain', 'drain of all', 'ms'),
  ];
}

async function host(size: number): Promise<Readings> {
  await using solovirt = await Solovirt.start({ args: ['--qemu', FAKE] });
  const { world } = solovirt;
  const before = cpuMs(world.pid);
  const reads = readEvery(solovirt, READ_EVERY_MS);
  const start = await timed(async () => {
    for (let i = 0; i < size; i += 1)
      world.write(`g${i}`, tinyVm(`g${i}`, { strategy: 'Always', guest: 'ignore' }));
    await solovirt.counts('Running', size);
  });
  const startCpu = (cpuMs(world.pid) - before) / size;
  const readings = await reads.end();
  const crash = await timed(() => crashes(solovirt, Math.round(size * CRASHED)));
  await solovirt.endDaemon();
  const adoption = await timed(async () => {
    await solovirt.startDaemon();
    await solovirt.counts('Running', size);
  });
  const idle = await leftAlone(world.pid);
  const { pid, state } = world;
  const [one = ''] = readdirSync(join(state, 'instances'));
  const held = {
    memory: residentMiB(pid),
    files: openFiles(pid),
    watches: inotifyWatches(pid),
    threads: readdirSync(`/proc/${pid}/task`).length,
    database: databaseSize(state),
    state: sizeOf(join(state, 'instances', one)),
  };
  const drain = await timed(async () => {
    await solovirt.call('PUT', DRAIN_PATH);
    await solovirt.counts('Stopped', size);
  });
  return { start, startCpu, reads: readings, crash, adoption, idle, ...held, drain };
}

/** Reads one VM again and again, beside whatever else happens. */
function readEvery(
  solovirt: Solovirt,
  pauseMs: number,
): { readonly end: () => Promise<readonly number[]> } {
  const values: number[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    while (!stop.signal.aborted) {
      values.push(await timed(() => solovirt.get('g0').catch(() => undefined)));
      await sleep(pauseMs);
    }
  })();
  return {
    end: async () => {
      stop.abort();
      await reading;
      return values;
    },
  };
}

async function crashes(solovirt: Solovirt, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `g${i}`);
  const now = await Promise.all(names.map((name) => solovirt.runs(name)));
  for (const { pid } of now) process.kill(pid, 'SIGKILL');
  await Promise.all(names.map((name, i) => solovirt.runs(name, now[i]?.uid)));
}

async function leftAlone(pid: number): Promise<number> {
  await sleep(5000);
  const before = cpuMs(pid);
  await sleep(IDLE_MS);
  return ((cpuMs(pid) - before) / IDLE_MS) * 100;
}

/** proc_pid_fdinfo(5): one line for each. */
function inotifyWatches(pid: number): number {
  return readdirSync(`/proc/${pid}/fdinfo`)
    .map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
    .reduce((sum, text) => sum + (text.match(/^inotify /gm)?.length ?? 0), 0);
}

/** With what waits in its log. @returns kB */
function databaseSize(state: string): number {
  return ['state.db', 'state.db-wal'].reduce(
    (sum, name) => sum + (statSync(join(state, name), { throwIfNoEntry: false })?.size ?? 0) / 1024,
    0,
  );
}

/** What it takes of the disk. @returns kB */
function sizeOf(dir: string): number {
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).blocks / 2, 0);
}
