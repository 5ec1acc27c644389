/**
 * Who keeps a disk image locked that QEMU could not get. QEMU's locks belong to open files, not to processes
 * (F_OFD_SETLK, fcntl(2)), so /proc/locks names no pid; the open files themselves are looked through.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

/** QEMU `block/file-posix.c`, `raw_check_lock_bytes` and the hint that its callers add. */
const COMPLAINT =
  /Failed to get (?:shared )?"[^"]+" lock\s+Is another process using the image \[(.+)\]\?/;

/**
 * @param stderr what QEMU said
 * @returns one clause for people; undefined when no lock was the trouble, or when its holder is gone or hidden from us
 */
export function findLockHolder(stderr: string): string | undefined {
  const file = COMPLAINT.exec(stderr)?.[1];
  const image = file === undefined ? undefined : orNothing(() => realpathSync(file));
  if (file === undefined || image === undefined) return undefined;
  const pid = namesIn('/proc').find((name) => /^\d+$/.test(name) && locks(name, image));
  return pid === undefined ? undefined : `${file} is in use by ${program(pid)} (pid ${pid})`;
}

/** Only names are compared: to look at a file that somebody has open may take for ever on a network. */
function locks(pid: string, image: string): boolean {
  return namesIn(`/proc/${pid}/fd`).some(
    (fd) =>
      orNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === image &&
      textOf(`/proc/${pid}/fdinfo/${fd}`).includes('\nlock:'),
  );
}

/** The VM too, where it is a guest that says so. */
function program(pid: string): string {
  const args = textOf(`/proc/${pid}/cmdline`).split('\0');
  const guest = /^guest=([^,]+)/.exec(args[args.indexOf('-name') + 1] ?? '')?.[1];
  const name = textOf(`/proc/${pid}/comm`).trim();
  return guest === undefined ? name : `${name} of VM ${guest}`;
}

function namesIn(dir: string): readonly string[] {
  return orNothing(() => readdirSync(dir)) ?? [];
}

function textOf(path: string): string {
  return orNothing(() => readFileSync(path, 'utf8')) ?? '';
}

/** Processes go, and some may not be looked at. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
