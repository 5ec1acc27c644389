/**
 * Whether an unprivileged user can use the files that its QEMU needs. Modes tell where they grant it on a file system
 * of this host; everything else is asked of the kernel under that identity, for modes alone do not tell (access control
 * lists, network file systems), and that takes a process.
 */
import { lstatSync, realpathSync, type Stats, statfsSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import {
  type Credentials,
  confineCheckArgs,
  type FileAccess,
} from '../core/qemu-args/confinement.ts';
import { programFile } from './program-files.ts';
import { SpawnError } from './spawn-error.ts';

const CHECK_MS = 10_000;

const [READ, WRITE, SEARCH] = [4, 2, 1];

/** On these the kernel itself decides by the mode (statfs(2)): ext4, xfs, btrfs, tmpfs, overlayfs, zfs, f2fs, bcachefs. */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e,
]);

export interface Needs {
  readonly access: FileAccess;
  /** Path of the program that opens the files. */
  readonly program: string;
}

/** Why the identity cannot use one of the files, in words; undefined when it can use all. @throws SpawnError */
export async function findUnusable(
  { access, program }: Needs,
  credentials: Credentials,
): Promise<string | undefined> {
  if (isPlainlyUsable({ access, program }, credentials)) return undefined;
  const { exitCode, stdout, stderr, shortMessage } = await execa(
    programFile('confine'),
    confineCheckArgs(access, credentials, program),
    { reject: false, stdin: 'ignore', cwd: '/', timeout: CHECK_MS, killSignal: 'SIGKILL' },
  );
  if (exitCode === 0) return undefined;
  const [path] = stdout.split('\0');
  if (exitCode !== 1 || path === undefined || path === '')
    throw new SpawnError(`QEMU was not started: ${stderr === '' ? shortMessage : stderr}`);
  return await explain(path, credentials);
}

function isPlainlyUsable({ access, program }: Needs, credentials: Credentials): boolean {
  const may = (wanted: number) => (path: string) => isGranted(path, wanted, credentials);
  try {
    return (
      access.read.every(may(READ)) &&
      access.write.every(may(READ | WRITE)) &&
      access.writeDirs.every(may(READ | WRITE | SEARCH)) &&
      may(READ | SEARCH)(program)
    );
  } catch {
    // The kernel has the words for it.
    return false;
  }
}

function isGranted(path: string, wanted: number, credentials: Credentials): boolean {
  const real = realpathSync(path);
  const found = statSync(real);
  const isLocal = found.isCharacterDevice() || LOCAL_FILE_SYSTEMS.has(statfsSync(real).type);
  return (
    isLocal &&
    mayAll(found, wanted, credentials) &&
    ancestors(real).every((dir) => mayAll(lstatSync(dir), SEARCH, credentials))
  );
}

/** Names the directory that is closed, or the file itself. */
async function explain(path: string, { uid, gid, groups }: Credentials): Promise<string> {
  const file = await realpath(path);
  const closed = ancestors(file).find(
    (dir) => !mayAll(lstatSync(dir), SEARCH, { uid, gid, groups }),
  );
  const [what, fault] = closed === undefined ? [file, 'cannot use'] : [closed, 'cannot enter'];
  return `user ${uid} ${fault} ${described(what)}${closed === undefined ? '' : `, which ${path} lies in`}`;
}

/** From the root down, without the path itself. */
function ancestors(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...ancestors(parent), parent];
}

/** Rights by path_resolution(7): those of the owner, else of the group, else of all others. */
function mayAll(
  { mode, uid: owner, gid: group }: Stats,
  wanted: number,
  { uid, gid, groups }: Credentials,
): boolean {
  const isMember = gid === group || groups.includes(group);
  const bits = owner === uid ? mode >> 6 : isMember ? mode >> 3 : mode;
  return (bits & wanted) === wanted;
}

function described(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${path} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${uid}:${gid})`;
}
