/**
 * What solovirt costs: `npm run bench`. Prints medians; asserts nothing, for timings depend on the machine.
 *
 * Compared with QEMU alone: the same command line, spawned by hand, from spawn to QMP greeting.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { World } from '../test/e2e/daemon-harness.ts';
import { tinyVm } from '../test/e2e/manifests.ts';

const ROUNDS = 15;
const MANY = 100;
const IDLE_MS = 5000;
const LIST = '/apis/kubevirt.io/v1/virtualmachines';

const out = (line: string): void => void process.stdout.write(`${line}\n`);

function report(what: string, values: readonly number[], unit = 'ms'): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(1);
  out(`${what.padEnd(52)} ${at(0.5).padStart(8)} ${unit}  (${at(0)} – ${at(1)})`);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

/** From a saved file, and from a command, to the spawned QEMU and to the running guest. */
async function starts(world: World): Promise<readonly string[]> {
  const toSpawn: number[] = [];
  const toRunning: number[] = [];
  const commands: number[] = [];
  const stops: number[] = [];
  let argv: readonly string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `vm${round}`;
    const savedAt = Date.now();
    world.write(name, tinyVm(name, { strategy: 'Once' }));
    const saved = await world.untilStatus(name, 'Running');
    const uid = saved.status.instance?.uid ?? '';
    const dir = join(world.state, 'instances', uid);
    toSpawn.push(statSync(join(dir, 'process')).mtimeMs - savedAt);
    toRunning.push(Date.parse(saved.status.instance?.runningAt ?? '') - savedAt);
    argv = (JSON.parse(readFileSync(join(dir, 'instance.json'), 'utf8')) as { argv: string[] })
      .argv;
    await world.untilConsole(name, 'UP');
    stops.push(
      await timed(async () => {
        await world.command(name, 'stop');
        await world.untilRuns(name, 1);
      }),
    );
    commands.push(
      await timed(async () => {
        await world.command(name, 'start');
        await world.untilStatus(name, 'Running');
      }),
    );
    await world.command(name, 'stop', { gracePeriod: 0 });
    await world.untilRuns(name, 2);
    world.remove(name);
  }
  report('file saved → QEMU spawned', toSpawn);
  report('file saved → guest runs', toRunning);
  report('start command → guest runs, seen by a watch', commands);
  report('stop command → guest shut down, seen by a watch', stops);
  return argv;
}

/** The same command line without solovirt: spawn to QMP greeting. */
async function alone(argv: readonly string[]): Promise<void> {
  const times: number[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-bench-'));
  const old = argv.find((arg) => arg.includes('id=qmp') || arg.includes('/qmp,')) ?? '';
  const files = /path=(.*)\/qmp,/.exec(old)?.[1];
  if (files === undefined) return;
  for (let round = 0; round < ROUNDS; round += 1) {
    const args = withoutDisks(argv.slice(1)).map((arg) =>
      arg.replaceAll(files, dir).replace(/logfile=[^,]*/, `logfile=${dir}/journal`),
    );
    times.push(
      await timed(() =>
        greet(
          argv[0] ?? '',
          args.map((a) => a.replace(/path=[^,]*console\.log/, `path=${dir}/console`)),
          `${dir}/qmp`,
        ),
      ),
    );
  }
  rmSync(dir, { recursive: true });
  report('QEMU alone, without its disk: spawn → QMP greeting', times);
}

function withoutDisks(args: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const [flag, value] = [args[i] ?? '', args[i + 1] ?? ''];
    const disk = flag === '-blockdev' || (flag === '-device' && value.includes('"drive"'));
    if (disk) i += 1;
    else kept.push(flag);
  }
  return kept;
}

async function greet(qemu: string, args: readonly string[], socket: string): Promise<void> {
  const child = spawn(qemu, args, { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { promise, resolve } = Promise.withResolvers<void>();
  const dial = (): void => {
    const monitor = connect(socket);
    monitor.on('error', () => setTimeout(dial, 1));
    monitor.once('data', () => {
      monitor.destroy();
      resolve();
    });
  };
  dial();
  await Promise.race([promise, gone]);
  child.kill('SIGKILL');
  await gone;
}

/** A daemon with many VMs that do nothing. */
async function idle(world: World): Promise<void> {
  for (let i = 0; i < MANY; i += 1) world.write(`h${i}`, tinyVm(`h${i}`, { strategy: 'Halted' }));
  await world.untilStatus(`h${MANY - 1}`, 'Stopped');
  const lists: number[] = [];
  const gets: number[] = [];
  for (let i = 0; i < 50; i += 1) {
    lists.push(await timed(() => world.api('GET', LIST)));
    gets.push(await timed(() => world.vm('h0')));
  }
  report(`list of ${MANY} VMs`, lists);
  report('one VM', gets);
  const before = cpuTicks(world.pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  report(`processor time of the daemon in ${IDLE_MS / 1000} idle s`, [
    (cpuTicks(world.pid) - before) * 10,
  ]);
  const rollup = readFileSync(`/proc/${world.pid}/smaps_rollup`, 'utf8');
  report('resident memory of the daemon', [memory(rollup, 'Rss')], 'MiB');
  report('its share of it (PSS)', [memory(rollup, 'Pss')], 'MiB');
}

/** utime + stime, in ticks of 10 ms (proc_pid_stat(5)). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function memory(rollup: string, field: string): number {
  return Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1024;
}

await using world = await World.start();
const argv = await starts(world);
await alone(argv);
await idle(world);
