/** A file system that is soon full and can be given more room: a tmpfs, which only root can mount. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const SMALL_BYTES = 1024 * 1024;
const DISK_BYTES = 8 * SMALL_BYTES;

export interface SmallDisk extends AsyncDisposable {
  /** A raw disk with more promised than there is. */
  readonly image: string;
  makeRoom(): Promise<void>;
}

/** Undefined where none can be mounted. */
export async function smallDisk(): Promise<SmallDisk | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-small-'));
  const options = ['-t', 'tmpfs', '-o', `size=${SMALL_BYTES}`];
  const mount = await execa('mount', [...options, 'tmpfs', dir], { reject: false });
  if (mount.failed) {
    rmSync(dir, { recursive: true });
    return undefined;
  }
  const image = join(dir, 'disk.img');
  writeFileSync(image, '');
  truncateSync(image, DISK_BYTES);
  return {
    image,
    makeRoom: async () => {
      await execa('mount', ['-o', `remount,size=${2 * DISK_BYTES}`, dir]);
    },
    async [Symbol.asyncDispose]() {
      // A QEMU that was just killed may hold its files a moment longer.
      await execa('umount', ['--lazy', dir]);
      rmSync(dir, { recursive: true });
    },
  };
}
