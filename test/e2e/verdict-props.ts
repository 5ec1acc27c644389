/**
 * What the endings need around them: a QEMU that can be held back before it starts, a disk that two VMs want, a port
 * that is taken, a memory cgroup.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MemoryCgroup, memoryCgroup } from '../support/memory-cgroup.ts';

/** Less than any Linux guest needs to boot. */
const CGROUP_BYTES = 64 * 1024 * 1024;
const DISK_BYTES = 1024 * 1024;

export class Props implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'solovirt-props-'));
  /** A raw disk. */
  readonly disk = join(this.dir, 'disk.img');
  /** A raw disk whose name promises otherwise. */
  readonly liar = join(this.dir, 'liar.qcow2');
  readonly cgroup: MemoryCgroup | undefined = memoryCgroup(CGROUP_BYTES);
  readonly #gate = join(this.dir, 'gate');
  readonly #server: Server;
  readonly takenPort: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.takenPort = port;
    for (const disk of [this.disk, this.liar]) writeFileSync(disk, Buffer.alloc(DISK_BYTES));
    writeFileSync(this.qemu, qemuScript(this.#gate), { mode: 0o755 });
  }

  static async make(): Promise<Props> {
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new Props(server, address.port);
  }

  /** The program for `--qemu`. */
  get qemu(): string {
    return join(this.dir, 'qemu');
  }

  /** Lets the QEMUs of VMs named `launch-…` start. */
  openGate(): void {
    writeFileSync(this.#gate, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
    this.cgroup?.[Symbol.dispose]();
    rmSync(this.dir, { recursive: true });
  }
}

/**
 * QEMU itself, but for two kinds of VMs: those named `launch-…` wait at the gate, and `exited` has a device that lets
 * its guest exit QEMU with a code (writing 1 to the port of the panic device gives 3; QEMU hw/misc/debugexit.c).
 */
function qemuScript(gate: string): string {
  return `#!/bin/sh
case "$*" in
  *guest=default/launch-*) while [ ! -e ${gate} ]; do sleep 0.05; done ;;
  *guest=default/exited*) set -- "$@" -device isa-debug-exit,iobase=0x505 ;;
esac
exec qemu-system-x86_64 "$@"
`;
}
