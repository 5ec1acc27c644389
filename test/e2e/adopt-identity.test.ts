/**
 * The next daemon finds processes and files that are not what they were: nothing of a stranger is touched, nothing of
 * a guest that lives is lost, and what is left of the dead goes away.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { expect, test, vi } from 'vitest';
import { isAlive, readIdentity, readProcessFile } from '../../src/qemu/process-identity.ts';
import { poll, World } from './daemon-harness.ts';
import { qemuProcesses, Vm } from './vm-handle.ts';
import { condition, untilInfo } from './waiting.ts';

vi.setConfig({ maxConcurrency: 2 });

const BACKOFF = 'backoff: {baseSeconds: 600, capSeconds: 3600}\n';
const MANUAL = { strategy: 'Manual' } as const;

/** A program that has nothing to do with solovirt. */
class Stranger implements Disposable {
  readonly #child: ChildProcess;

  constructor(program: string, ...args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: 'ignore' });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get alive(): boolean {
    const identity = readIdentity(this.pid);
    return identity !== undefined && isAlive(identity);
  }

  /** A line of a `process` file. */
  line(): string {
    const { pid, startTime, bootId } = readIdentity(this.pid) ?? {};
    return `${pid} ${startTime} ${bootId}\n`;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

test.concurrent('a stranger whose pid has come to stand in the file is no guest, and is never signalled', async () => {
  using stranger = new Stranger('sleep', '600');
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', MANUAL);
  await world.endDaemon('SIGKILL');
  vm.kill();
  await poll('QEMU is gone', () => vm.processes().length === 0);
  const paths = vm.paths(live.uid);
  await poll('its end is written', () => existsSync(paths.exit));
  writeFileSync(paths.process, stranger.line());
  await world.startDaemon();
  expect((await vm.ended(1)).verdict.reason).toBe('KilledFromOutside');
  // A directory without a record, too.
  await world.endDaemon('SIGKILL');
  for (const name of readdirSync(world.state).filter((file) => file.startsWith('state.db')))
    rmSync(`${world.state}/${name}`);
  await world.startDaemon();
  await vm.ended(1);
  const { warnings } = await untilInfo(world, 'it is told', (i) => i.warnings.length > 0);
  expect(warnings.filter((warning) => warning.includes(`${stranger.pid}`))).toEqual([]);
  expect(stranger.alive).toBe(true);
  await vm.granted('start');
  await vm.running(live.uid);
});

test.concurrent('a launch that was cut short and whose pid names a stranger by now: only its files go', async () => {
  using stranger = new Stranger('sleep', '600');
  await using world = await World.start();
  const done = Vm.put(world, 'done', { strategy: 'Once', guest: 'off' });
  const ended = await done.ended(1);
  const description = readFileSync(done.paths(ended.uid).description, 'utf8');
  await world.endDaemon('SIGTERM');
  const [uid, dropped] = [randomUUID(), randomUUID()];
  for (const name of [uid, `${dropped}.discarded`]) {
    mkdirSync(`${world.state}/instances/${name}`);
    writeFileSync(`${world.state}/instances/${name}/process`, stranger.line());
  }
  const file = `${world.state}/instances/${dropped}.discarded/instance.json`;
  writeFileSync(file, description.replaceAll(ended.uid, dropped));
  await world.startDaemon();
  expect(stranger.alive).toBe(true);
  // What names a process may be somebody's evidence.
  expect(readdirSync(`${world.state}/instances`).sort()).toEqual([uid, ended.uid].sort());
});

test.concurrent('another QEMU on the path of the monitor gets no command; the guest goes on and can be stopped', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { ...MANUAL, grace: 1 });
  const { qmpSocket, runtimeDir } = vm.paths(live.uid);
  await world.endDaemon('SIGKILL');
  const own = `${runtimeDir}/taken`;
  renameSync(qmpSocket, own);
  const chardev = `socket,id=q,path=${qmpSocket},server=on,wait=off`;
  const machine = ['-machine', 'none', '-nodefaults', '-display', 'none', '-uuid', randomUUID()];
  using stranger = new Stranger(
    'qemu-system-x86_64',
    ...machine,
    ...['-chardev', chardev, '-mon', 'chardev=q,mode=control'],
  );
  await poll('the other one listens', () => existsSync(qmpSocket));
  await world.startDaemon();
  await vm.until(
    'is known not to answer',
    (v) => condition(v, 'MonitorUnresponsive')?.status === 'True',
  );
  expect(await vm.running()).toEqual(live);
  await vm.granted('stop');
  const { verdict } = await vm.ended(1);
  expect(verdict.initiator).toBe('command');
  expect(stranger.alive).toBe(true);
});

test.concurrent('a guest whose evidence directory was removed is known from its record', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
  await world.endDaemon('SIGKILL');
  rmSync(vm.paths(live.uid).dir, { recursive: true });
  await world.startDaemon();
  expect(await vm.running()).toEqual(live);
  await vm.until('answers', (v) => v?.status.instance?.runState === 'running');
  expect(qemuProcesses(world)).toHaveLength(1);
  vm.kill();
  expect((await vm.ended(1)).verdict.reason).toBe('Unknown');
});

test.concurrent('the file that names the process is empty, as a crash of the host leaves it', async () => {
  await using world = await World.start({ config: BACKOFF });
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Once' });
  await world.endDaemon('SIGKILL');
  vm.kill();
  await poll('QEMU is gone', () => vm.processes().length === 0);
  await poll('its end is written', () => existsSync(vm.paths(live.uid).exit));
  writeFileSync(vm.paths(live.uid).process, '');
  await world.startDaemon();
  expect((await vm.ended(1)).verdict.reason).toBe('KilledFromOutside');
  await vm.is('Stopped');
});

test.concurrent('what dead daemons left goes away, and nothing of what lives or is worth keeping', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
  const done = Vm.put(world, 'done', { strategy: 'Once', guest: 'off' });
  const ended = await done.ended(1);
  const image = Vm.put(world, 'no-image', { strategy: 'Once' });
  world.write(image.name, image.text().replace('tiny:obey', 'nobody/has:this'));
  const failed = await image.ended(1);
  await world.endDaemon('SIGKILL');

  const instances = `${world.state}/instances`;
  const sockets = `${world.runtime}/i`;
  const [halfMade, discarded, socketsOnly] = [randomUUID(), randomUUID(), randomUUID()];
  for (const dir of [`${instances}/${halfMade}`, `${instances}/${discarded}.discarded`]) {
    mkdirSync(dir);
    writeFileSync(`${dir}/root.qcow2`, 'x');
  }
  // After a reboot there are no directories of sockets; overlays lie where they lay.
  writeFileSync(`${instances}/${ended.uid}/root.qcow2`, 'x');
  mkdirSync(`${sockets}/${socketsOnly}`);
  mkdirSync(`${sockets}/${halfMade}`);
  mkdirSync(`${instances}/notes-of-the-operator`);
  await world.startDaemon();

  expect(await vm.running()).toEqual(live);
  expect(readdirSync(instances).sort()).toEqual(
    [live.uid, ended.uid, failed.uid, 'notes-of-the-operator'].sort(),
  );
  expect(readdirSync(sockets)).toEqual([live.uid]);
  const left = readdirSync(`${instances}/${ended.uid}`);
  expect(left.filter((name) => name.includes('qcow2'))).toEqual([]);
  expect(left).toContain('events.jsonl');
  expect(readdirSync(`${instances}/${live.uid}`)).toContain('root.qcow2');
});

test.concurrent('sockets of a QEMU that lives stay, although neither record nor evidence tells of it', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always' });
  await world.endDaemon('SIGKILL');
  world.remove('web');
  const paths = vm.paths(live.uid);
  rmSync(paths.dir, { recursive: true });
  for (const name of readdirSync(world.state).filter((file) => file.startsWith('state.db')))
    rmSync(`${world.state}/${name}`);
  await world.startDaemon();
  expect(existsSync(paths.controlSocket)).toBe(true);
  expect(world.log).toContain('a QEMU runs whose VM cannot be told');
  expect(vm.processes()).toEqual([live.pid]);
  vm.kill();
});

test.concurrent('a guest that was launched without a record of it, and is not known to have run, is ended', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'web', MANUAL);
  await vm.granted('start', { paused: true });
  const { uid = '' } = (await vm.is('Paused')).status.instance ?? {};
  const { dir, process: file } = vm.paths(uid);
  await world.endDaemon('SIGKILL');
  // As a daemon leaves it that is killed while it drops a launch, and whose database is lost.
  renameSync(dir, `${dir}.discarded`);
  for (const name of readdirSync(world.state).filter((entry) => entry.startsWith('state.db')))
    rmSync(`${world.state}/${name}`);
  const { identity } = readProcessFile(file.replace(dir, `${dir}.discarded`)) ?? {};
  if (identity === undefined) throw new Error('it has no process');
  expect(readFileSync(`/proc/${identity.pid}/cmdline`, 'utf8')).toContain(uid);
  await world.startDaemon();
  await poll('it is gone', () => !isAlive(identity));
  expect(readdirSync(`${world.state}/instances`)).toEqual([]);
});

test.concurrent('a guest that was gone before its stop was asked for did not end by it', async () => {
  await using world = await World.start();
  const { vm, live } = await Vm.up(world, 'web', { strategy: 'Always', grace: 0 });
  const { keeperPid = 0 } = readProcessFile(vm.paths(live.uid).process) ?? {};
  await world.endDaemon('SIGKILL');
  // Its wait status is late, so for a while the next daemon knows only that it is gone.
  process.kill(keeperPid, 'SIGSTOP');
  try {
    vm.kill();
    await poll('QEMU is gone', () => vm.processes().length === 0);
    vm.edit('Halted');
    await world.startDaemon();
    expect((await vm.ended(1)).verdict).toMatchObject({ reason: 'Unknown', initiator: 'outside' });
    const [run] = await world.runs('web');
    expect(run?.evidence?.intents).toEqual([]);
    await vm.is('Stopped');
  } finally {
    process.kill(keeperPid, 'SIGCONT');
  }
});

test.concurrent('files of a run that newer ones have outdated go, although the daemon died before it removed them', async () => {
  await using world = await World.start();
  const vm = await Vm.known(world, 'web', MANUAL);
  for (let ended = 1; ended <= 4; ended += 1) {
    await vm.granted('start');
    await vm.is('Running');
    await vm.granted('stop', { gracePeriod: 0 });
    await vm.ended(ended);
    await vm.is('Stopped');
  }
  const [newest, , , oldest] = (await world.runs('web')).map(({ uid }) => uid);
  if (newest === undefined || oldest === undefined) throw new Error('it has not run four times');
  await poll('the oldest has gone', () => !existsSync(vm.paths(oldest).dir));
  await world.endDaemon('SIGKILL');
  cpSync(vm.paths(newest).dir, vm.paths(oldest).dir, { recursive: true });
  await world.startDaemon();
  await poll('it has gone again', () => !existsSync(vm.paths(oldest).dir));
  expect(existsSync(vm.paths(newest).dir)).toBe(true);
});
