/**
 * A machine with systemd for one test: this host's own files, copy-on-write, booted under systemd-nspawn in half a
 * second, with solovirt installed from the source tree.
 *
 * - Its file system lives in a mount namespace that a keeper process holds, and the keeper ends when its standard
 *   input does: whatever becomes of the test, no mount is left. The same root can be booted again.
 * - It has its own cgroups, network and users. Not real in it: resource limits where the host keeps the controllers,
 *   device filters, and what a kernel does at a reboot.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { installSolovirt, prepareRoot } from './install.ts';

const DEADLINE_MS = 30_000;
export const CHECKOUT = resolve(import.meta.dirname, '../..');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MachineOptions {
  /** Without solovirt. */
  readonly bare?: boolean;
}

export class Machine implements AsyncDisposable {
  readonly #dir: string;
  readonly #bare: boolean;
  readonly #keeper: ChildProcess;
  readonly #cgroups: readonly string[];
  #container: ChildProcess | undefined;
  #init: number | undefined;
  #console = '';

  private constructor(dir: string, keeper: ChildProcess, bare: boolean) {
    this.#dir = dir;
    this.#bare = bare;
    this.#keeper = keeper;
    this.#cgroups = cgroupRoots().map((root) => join(root, basename(dir)));
  }

  /** A machine that is switched off. `prepare` may put files into it. */
  static async make({ bare = false }: MachineOptions = {}): Promise<Machine> {
    const dir = mkdtempSync(join(tmpdir(), 'solovirt-machine-'));
    const machine = new Machine(dir, keep(dir), bare);
    try {
      await until('the machine has its file system', () =>
        existsSync(join(machine.path('/'), 'etc/os-release')),
      );
      prepareRoot(machine.path('/'));
      if (!bare) await installSolovirt(machine.path('/'));
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  static async booted(prepare: (machine: Machine) => void = () => {}): Promise<Machine> {
    const machine = await Machine.make();
    try {
      prepare(machine);
      await machine.boot();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A file of the machine as this process gets at it. Symbolic links with absolute targets lead astray. */
  path(file: string): string {
    if (this.#init !== undefined) return `/proc/${this.#init}/root${file}`;
    return `/proc/${this.#keeper.pid}/root${this.#dir}/root${file}`;
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  /** Makes the directories above as well. */
  write(file: string, text: string | Uint8Array, mode = 0o644): void {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), text, { mode });
  }

  remove(file: string): void {
    rmSync(this.path(file));
  }

  exists(file: string): boolean {
    return existsSync(this.path(file));
  }

  list(dir: string): readonly string[] {
    try {
      return readdirSync(this.path(dir));
    } catch {
      return [];
    }
  }

  /** Resolves when everything that is started at boot has been started, well or not. */
  async boot(): Promise<void> {
    for (const cgroup of this.#cgroups) mkdirSync(cgroup, { recursive: true });
    const container = spawn('setpriv', ['--pdeathsig', 'KILL', 'sh', '-c', this.#bootScript()], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#container = container;
    for (const stream of [container.stdout, container.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#console += text;
      });
    const init = await until('systemd runs', () => this.#findInit(container), this.#report);
    this.#init = init;
    await until(
      'systemd answers',
      async () => {
        const { stdout } = await this.run('systemctl', 'is-system-running', '--wait');
        return ['running', 'degraded'].includes(stdout);
      },
      this.#report,
    );
  }

  /** As root inside; resolves whatever the exit code is. */
  async run(program: string, ...args: readonly string[]): Promise<Ran> {
    if (this.#init === undefined) throw new Error('the machine is switched off');
    const inside = ['-t', String(this.#init), '-a', '--', program, ...args];
    const result = await execa('nsenter', inside, {
      reject: false,
      stdin: 'ignore',
      extendEnv: false,
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        SYSTEMD_COLORS: '0',
        SYSTEMD_PAGER: 'cat',
      },
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    if (result.timedOut) throw new Error(`not in time: ${program} ${args.join(' ')}`);
    return { code: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** Standard output of what must succeed. */
  async get(program: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, ...args);
    if (code === 0) return stdout;
    throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}\n${stdout}`);
  }

  /** A property of a unit. */
  property(unit: string, name: string): Promise<string> {
    return this.get('systemctl', 'show', '--value', `--property=${name}`, unit);
  }

  /** The main process of a unit as this host numbers it. */
  async mainPid(unit: string): Promise<number> {
    return this.outerPid(Number(await this.property(unit, 'MainPID')));
  }

  /** This host's number of a process inside. */
  outerPid(inner: number): number {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const numbers = /^NSpid:\t\d+\t(\d+)$/m.exec(
          readFileSync(`/proc/${name}/status`, 'latin1'),
        );
        if (Number(numbers?.[1]) !== inner) continue;
        if (readlinkSync(`/proc/${name}/ns/pid`) === this.#pidNamespace()) return Number(name);
      } catch {
        // It has ended meanwhile.
      }
    }
    throw new Error(`the machine has no process ${inner}`);
  }

  /** Everything in the journal, of all boots; of a machine that is switched off as well. */
  async journal(...args: readonly string[]): Promise<string> {
    if (this.#init !== undefined) {
      // What was said before may still be on its way there.
      await this.run('journalctl', '--sync');
      return this.get('journalctl', '--no-pager', ...args);
    }
    const dir = this.path('/var/log/journal');
    const { stdout } = await execa('journalctl', ['--no-pager', `--directory=${dir}`, ...args]);
    return stdout;
  }

  /** Waits for a fact that announces itself nowhere this process could listen. */
  until<T>(
    what: string,
    look: () => T | Promise<T>,
    deadlineMs = DEADLINE_MS,
  ): Promise<NonNullable<T>> {
    return until(what, look, this.#report, deadlineMs);
  }

  /** Begins a clean shutdown, as the power button of a host does. */
  beginPoweroff(): void {
    if (this.#init === undefined) throw new Error('the machine is switched off');
    process.kill(this.#init, SIGRTMIN + 4);
  }

  /** A clean shutdown, to its end. */
  async poweroff(): Promise<void> {
    this.beginPoweroff();
    await this.off();
  }

  /** The end without any notice. Boot it again after that. */
  async losePower(): Promise<void> {
    if (this.#init === undefined) throw new Error('the machine is switched off');
    process.kill(this.#init, 'SIGKILL');
    await this.off();
  }

  /** Waits until the machine has switched itself off. */
  async off(): Promise<void> {
    const container = this.#container;
    await until('the machine is off', () => hasEnded(container), this.#report);
    this.#container = undefined;
    this.#init = undefined;
    await this.#removeCgroups();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The end of its first process is the end of them all.
    if (this.#init !== undefined && !hasEnded(this.#container)) process.kill(this.#init, 'SIGKILL');
    else this.#container?.kill('SIGKILL');
    await until('the machine is gone', () => hasEnded(this.#container));
    this.#keeper.stdin?.end();
    await until('its file system is gone', () => hasEnded(this.#keeper));
    await this.#removeCgroups();
    rmdirSync(this.#dir);
  }

  /** What a failed wait has to say: the end of the journal, or of the console while there is none. */
  readonly #report = async (): Promise<string> => {
    const journal = await this.journal('--lines=30').catch(() => '');
    return journal === '' ? this.#console.slice(-4000) : journal;
  };

  #bootScript(): string {
    const name = basename(this.#dir);
    const join_ = this.#cgroups.map((cgroup) => `echo $$ >${cgroup}/cgroup.procs`);
    const flags = [
      ...['--quiet', '--boot', '--register=no', '--keep-unit', '--console=read-only'],
      ...['--link-journal=no', '--private-network', '--capability=CAP_NET_ADMIN'],
      ...[`--machine=${name}`, `--directory=${this.#dir}/root`],
      // Any process on a host may use Landlock.
      '--system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self"',
    ];
    if (!this.#bare) flags.push(`--bind-ro=${process.execPath}:/usr/lib/solovirt/node`);
    return [
      'set -e',
      ...join_,
      'export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1',
      `exec nsenter -t ${this.#keeper.pid} -m systemd-nspawn ${flags.join(' ')}`,
    ].join('\n');
  }

  /** The container's first process: nspawn's child that has become systemd. */
  #findInit(container: ChildProcess): number | undefined {
    if (hasEnded(container)) throw new Error(`systemd-nspawn ended: ${this.#console}`);
    const children = `/proc/${container.pid}/task/${container.pid}/children`;
    return readFileSync(children, 'latin1')
      .split(' ')
      .filter((pid) => pid !== '')
      .map(Number)
      .find((pid) => commandName(pid) === 'systemd');
  }

  #pidNamespace(): string {
    return readlinkSync(`/proc/${this.#init}/ns/pid`);
  }

  async #removeCgroups(): Promise<void> {
    for (const cgroup of this.#cgroups)
      await until(`${cgroup} is empty`, () => {
        removeCgroup(cgroup);
        return !existsSync(cgroup);
      });
  }
}

/** Linux, glibc: 34. Node knows no name for it. */
const SIGRTMIN = 34;

/** Whose files a machine has: this host's, unless another system is named. */
// biome-ignore lint/style/noProcessEnv: there is no other way to tell tests
export const LOWER_ROOT = process.env['SOLOVIRT_TEST_ROOT'] ?? '/';

/** Arguments of unshare: makes the machine's root below `dir`, in a mount namespace of its own, and goes on as `then`. */
function inOwnMounts(dir: string, then: string): readonly string[] {
  const layers = `lowerdir=${LOWER_ROOT},upperdir=${dir}/upper,workdir=${dir}/work`;
  const script = `
    set -e
    mount -t tmpfs -o mode=755 solovirt-machine ${dir}
    mkdir ${dir}/upper ${dir}/work ${dir}/root
    mount -t overlay -o ${layers} solovirt-machine ${dir}/root
    exec ${then}`;
  return ['--mount', '--propagation', 'private', 'sh', '-c', script];
}

/** A process that holds the machine's root. */
function keep(dir: string): ChildProcess {
  return spawn('unshare', inOwnMounts(dir, 'cat'), { stdio: ['pipe', 'ignore', 'inherit'] });
}

/** Where systemd-nspawn may make cgroups: on a host of both kinds, and on one of cgroup v2. */
function cgroupRoots(): readonly string[] {
  const root = '/sys/fs/cgroup';
  const mixed = ['unified', 'systemd'].map((name) => join(root, name)).filter(isCgroup);
  return mixed.length > 0 ? mixed : [root].filter(isCgroup);
}

function isCgroup(dir: string): boolean {
  return existsSync(join(dir, 'cgroup.procs'));
}

function removeCgroup(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(join(dir, entry.name));
  try {
    rmdirSync(dir);
  } catch {
    // A process in it is about to end.
  }
}

/** Of a process that may be about to end. */
function commandName(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd();
  } catch {
    return undefined;
  }
}

function hasEnded(child: ChildProcess | undefined): boolean {
  return child === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  report: () => string | Promise<string> = () => '',
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not in time: ${what}\n${await report()}`);
    await sleep(20);
  }
}

/** Why no machine can be made here, in words; undefined when one can. */
export function whyNoMachine(): string | undefined {
  if (process.geteuid?.() !== 0) return 'only root can boot a machine of its own';
  if (cgroupRoots().length === 0) return 'no cgroup hierarchy is mounted at /sys/fs/cgroup';
  const missing = ['systemd-nspawn', 'nsenter', 'unshare', 'setpriv', 'journalctl'].filter(
    (program) => !PATH_DIRS.some((dir) => existsSync(join(dir, program))),
  );
  if (missing.length > 0) return `missing: ${missing.join(', ')}`;
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-machine-'));
  try {
    const { status, stderr } = spawnSync('unshare', inOwnMounts(dir, 'true'), { encoding: 'utf8' });
    return status === 0 ? undefined : `no file system can be mounted: ${stderr.trim()}`;
  } finally {
    rmdirSync(dir);
  }
}

const PATH_DIRS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
