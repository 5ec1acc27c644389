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
 */
import { chmod, chown, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { InstancePaths } from '../core/paths.ts';
import { type Tap, tapOrder } from '../core/qemu-args/taps.ts';

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
export async function writeHandOver(dir: string, given: HandOver): Promise<void> {
  const { paths, machineDir, command, gracePeriodSeconds, taps, gid } = given;
  await mkdir(`${dir}/dependents`, { recursive: true });
  // The unit's user is a stranger here, and the umask is for files.
  await chmod(dir, 0o755);
  await rm(`${dir}/host-shutdown`, { recursive: true, force: true });
  await Promise.all([
    replaceLink(`${dir}/evidence`, paths.dir),
    replaceLink(`${dir}/sockets`, paths.runtimeDir),
    machineDir === undefined
      ? rm(`${dir}/machine`, { force: true })
      : replaceLink(`${dir}/machine`, machineDir),
    replaceFile(`${dir}/launch`, command.map((word) => `${word}\0`).join(''), gid),
    taps.length === 0
      ? rm(`${dir}/taps`, { force: true })
      : replaceFile(`${dir}/taps`, taps.map((tap) => `${tapOrder(tap)}\n`).join(''), gid),
    replaceFile(`${dir}/grace`, `${gracePeriodSeconds}\n`, gid),
  ]);
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

async function replaceLink(path: string, target: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, path);
}

async function replaceFile(path: string, text: string, gid: number): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, text, { mode: 0o640 });
  await chown(fresh, -1, gid);
  await rename(fresh, path);
}
