/**
 * libvirt as Debian ships it: its daemons, and a `virsh` that is kept open. They run in a mount namespace in which
 * libvirt's directories are empty, so that nothing of it is left on the host; root only.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../measure.ts';

const run = promisify(execFile);
const DOMAIN = 'bench';
const DIRS = '/run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt';

const DAEMONS = `
for dir in ${DIRS}; do mkdir -p $dir && mount -t tmpfs -o mode=755 solovirt-bench $dir || exit; done
printf 'user = "root"\\ngroup = "root"\\nsecurity_driver = "none"\\nnamespaces = []\\n' >/etc/libvirt/qemu.conf
printf 'auth_unix_rw = "none"\\n' >/etc/libvirt/libvirtd.conf
trap : TERM
virtlogd & libvirtd & wait
wait
`;

export function libvirtIsThere(): boolean {
  return (
    process.getuid?.() === 0 && existsSync('/usr/sbin/libvirtd') && existsSync('/usr/bin/virsh')
  );
}

export class Libvirt implements AsyncDisposable {
  readonly #dir: string;
  readonly #daemons: ChildProcess;
  #shell: ChildProcess | undefined;
  #said = '';
  readonly #listeners = new Set<() => void>();

  private constructor() {
    this.#dir = mkdtempSync(join(tmpdir(), 'solovirt-bench-libvirt-'));
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', DAEMONS];
    // A group of its own, so that both daemons can be ended; the shell stays to see their end.
    this.#daemons = spawn('unshare', args, { stdio: 'ignore', detached: true });
  }

  /** @param image a raw disk, which is only read */
  static async start(image: string): Promise<Libvirt> {
    const libvirt = new Libvirt();
    await until('libvirtd listens', () => existsSync(libvirt.#path('/run/libvirt/libvirt-sock')));
    await libvirt.define(DOMAIN, image);
    libvirt.#open();
    return libvirt;
  }

  async define(name: string, image: string): Promise<void> {
    const file = join(this.#dir, `${name}.xml`);
    writeFileSync(file, domain(name, image));
    await this.virsh('define', file);
  }

  /** In the shell that is kept open: until it says that the domain runs. */
  async start(): Promise<void> {
    await this.#say(`start ${DOMAIN}`, /'?bench'? started/);
  }

  async destroy(): Promise<void> {
    await this.#say(`destroy ${DOMAIN}`, /'?bench'? destroyed/);
  }

  /** A `virsh` of its own. */
  async virsh(...args: readonly string[]): Promise<void> {
    await run('virsh', [...this.#connection(), ...args]);
  }

  /** Pid of the domain's QEMU. */
  pid(): number {
    return Number(readFileSync(this.#path(`/run/libvirt/qemu/${DOMAIN}.pid`), 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.virsh('destroy', DOMAIN).catch(() => {});
    this.#shell?.stdin?.end('quit\n');
    const { pid } = this.#daemons;
    const gone = new Promise((resolve) => this.#daemons.once('exit', resolve));
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    await gone;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** As seen from outside its mount namespace. */
  #path(inside: string): string {
    return `/proc/${this.#daemons.pid}/root${inside}`;
  }

  #connection(): readonly string[] {
    return ['-c', `qemu+unix:///system?socket=${this.#path('/run/libvirt/libvirt-sock')}`];
  }

  #open(): void {
    this.#shell = spawn('virsh', this.#connection(), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
      for (const listener of this.#listeners) listener();
    });
  }

  async #say(line: string, answer: RegExp): Promise<void> {
    this.#said = '';
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (answer.test(this.#said)) resolve();
    };
    this.#listeners.add(look);
    this.#shell?.stdin?.write(`${line}\n`);
    await promise;
    this.#listeners.delete(look);
  }
}

/** The same guest as solovirt's: machine, processor, memory, one virtio disk, a serial port, no display. */
function domain(name: string, image: string): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>16</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu mode='maximum'/>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='${image}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <serial type='pty'/>
    <memballoon model='none'/>
    <panic model='isa'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  </devices>
</domain>
`;
}
