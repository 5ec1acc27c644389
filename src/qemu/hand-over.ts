/**
 * What the systemd launcher hands to a unit: `RUNTIME/vm/INST/`, read by the unit's helpers in `systemd/`.
 *
 * evidence, sockets   symbolic links to the directories of the instance
 * machine             one to the directory of what outlasts it, where something does
 * launch              the command to execute, each argument ended by a NUL
 * taps                what is to be put onto bridges, a line each (`taps.pl`); absent where nothing is
 * grace               the grace period in seconds
 * dependents/         an empty file for each VM that is to end before this one when the host shuts down
 * host-shutdown/      made by others: the next stop of the unit is the host's
 *
 * Synchronous where a start waits for it: the directory is in memory, and each way to a thread and back costs more.
 */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import type { InstancePaths } from '../core/paths.ts';
import { type Tap, tapOrder } from '../core/qemu-args/taps.ts';
import { errorCode } from '../core/thrown.ts';

export interface HandOver {
  readonly paths: InstancePaths;
  readonly machineDir?: string | undefined;
  readonly command: readonly string[];
  readonly gracePeriodSeconds: number;
  readonly taps: readonly Tap[];
  /** Group of the unit's processes. */
  readonly gid: number;
}

/** Written anew for each launch; a unit that still runs has its own view of the last one. */
export function writeHandOver(dir: string, given: HandOver): void {
  const { paths, machineDir, command, gracePeriodSeconds, taps, gid } = given;
  mkdirSync(`${dir}/dependents`, { recursive: true });
  // The unit's user is a stranger here, and the umask is for files.
  chmodSync(dir, 0o755);
  removeEmpty(`${dir}/host-shutdown`);
  replaceLink(`${dir}/evidence`, paths.dir);
  replaceLink(`${dir}/sockets`, paths.runtimeDir);
  if (machineDir === undefined) rmSync(`${dir}/machine`, { force: true });
  else replaceLink(`${dir}/machine`, machineDir);
  replaceFile(`${dir}/launch`, command.map((word) => `${word}\0`).join(''), gid);
  if (taps.length === 0) rmSync(`${dir}/taps`, { force: true });
  else replaceFile(`${dir}/taps`, taps.map((tap) => `${tapOrder(tap)}\n`).join(''), gid);
  replaceFile(`${dir}/grace`, `${gracePeriodSeconds}\n`, gid);
}

/** Makes `dependents/` hold exactly these names. */
export async function writeDependents(dir: string, names: readonly string[]): Promise<void> {
  const folder = `${dir}/dependents`;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const present = await readdir(folder);
  const gone = present.filter((name) => !names.includes(name));
  await Promise.all([
    ...gone.map((name) => rm(`${folder}/${name}`, { force: true })),
    ...names.map((name) => writeFile(`${folder}/${name}`, '', { mode: 0o644 })),
  ]);
}

/** Root's, and perhaps not to be looked into. */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function replaceLink(path: string, target: string): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  renameSync(fresh, path);
}

function replaceFile(path: string, text: string, gid: number): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text, { mode: 0o640 });
  chownSync(fresh, -1, gid);
  renameSync(fresh, path);
}
