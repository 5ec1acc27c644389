/**
 * Whether an unprivileged user can use the files that its QEMU needs: asked of the kernel under that identity, for
 * modes alone do not tell (access control lists, network file systems).
 */
import { lstatSync, type Stats } from 'node:fs';
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

/** Names the directory that is closed, or the file itself. */
async function explain(path: string, { uid, gid, groups }: Credentials): Promise<string> {
  const file = await realpath(path);
  const member = [gid, ...groups];
  const closed = ancestors(file).find((dir) => !maySearch(lstatSync(dir), uid, member));
  const [what, fault] = closed === undefined ? [file, 'cannot use'] : [closed, 'cannot enter'];
  return `user ${uid} ${fault} ${described(what)}${closed === undefined ? '' : `, which ${path} lies in`}`;
}

/** From the root down, without the path itself. */
function ancestors(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...ancestors(parent), parent];
}

function maySearch(
  { mode, uid: owner, gid: group }: Stats,
  uid: number,
  member: readonly number[],
): boolean {
  const bits = owner === uid ? mode >> 6 : member.includes(group) ? mode >> 3 : mode;
  return (bits & 1) !== 0;
}

function described(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${path} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${uid}:${gid})`;
}
