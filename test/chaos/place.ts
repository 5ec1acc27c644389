/** The directories of a run. State and VM files lie on a small file system of their own where one can be mounted. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Member } from './fleet.ts';

const DISK_BYTES = 160 * 1024 * 1024;

export class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'solovirt-chaos-'));
  readonly images = resolve(import.meta.dirname, '../../images');
  readonly disk = join(this.dir, 'disk');
  readonly vms = join(this.disk, 'vms');
  readonly state = join(this.disk, 'state');
  readonly runtime = join(this.dir, 'run');
  readonly socket = join(this.runtime, 's');
  readonly hostDisks = join(this.dir, 'host-disks');
  readonly daemonLog = join(this.dir, 'daemon.log');
  readonly config = join(this.dir, 'solovirt.yaml');
  /** False where nothing can be mounted, or is any more: then the disk is never filled. */
  isSmall: boolean;
  readonly #filler = join(this.disk, 'filler');

  constructor() {
    mkdirSync(this.disk);
    this.isSmall = mount(this.disk);
    for (const dir of [this.vms, this.hostDisks]) mkdirSync(dir);
  }

  file(vm: string): string {
    return join(this.vms, `${vm}.yaml`);
  }

  hostDisk(vm: string): string {
    return join(this.hostDisks, `${vm}.img`);
  }

  makeHostDisk({ name, guest }: Member): void {
    copyFileSync(join(this.images, 'tiny', `${guest}.img`), this.hostDisk(name));
  }

  instance(uid: string): string {
    return join(this.state, 'instances', uid);
  }

  monitor(uid: string): string {
    return join(this.runtime, 'i', uid, 'ctl');
  }

  /** There may be no room at present. */
  get isFull(): boolean {
    return existsSync(this.#filler);
  }

  /** Takes all the room there is. Only on a file system of our own. */
  fill(): void {
    if (!this.isSmall) throw new Error(`${this.disk} is not ours to fill`);
    const file = openSync(this.#filler, 'w');
    for (const size of [1024 * 1024, 4096]) {
      const block = Buffer.alloc(size);
      while (takes(file, block));
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  /** Only when nothing of it is in use any more. @param keep the directory, but not the mount */
  remove(keep: boolean): void {
    if (this.isSmall) execFileSync('umount', [this.disk]);
    this.isSmall = false;
    if (!keep) rmSync(this.dir, { recursive: true });
  }

  /** Names what is missing for a run. */
  lacks(): string | undefined {
    const missing = ['tiny/witness.img', 'demo/latest/vmlinuz'].filter(
      (image) => !existsSync(join(this.images, image)),
    );
    return missing.length === 0 ? undefined : `no guest images (${missing.join(', ')})`;
  }
}

/** A short write is a full disk, too. */
function takes(file: number, block: Buffer): boolean {
  try {
    return writeSync(file, block) === block.length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

function mount(dir: string): boolean {
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=0755`];
    execFileSync('mount', [...options, 'solovirt-chaos', dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
