/**
 * From a VM's specification to a QEMU process: directories, images, command line, launcher. Throws on the first thing
 * that does not work, with words for the user; what was made stays for the evidence and is removed with it.
 */
import { writeFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstanceDescription } from '../core/model/record.ts';
import type { InstanceSpec, JsonObject, VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import { buildQemuArgs } from '../core/qemu-args/build.ts';
import { fileAccess } from '../core/qemu-args/confinement.ts';
import { makeConsoleFile, preallocateJournal } from './instance-dirs.ts';
import type { Launcher } from './launcher.ts';
import type { ValuesOf } from './made-image.ts';
import { type PreparedInstance, prepareInstance } from './prepare.ts';

export interface LaunchInput {
  readonly vm: VmIdentity;
  /** What `spec` was made from, as written; only kept for the record. */
  readonly template: JsonObject;
  readonly spec: InstanceSpec;
  /** Also when a command asked for it; only kept for the record, too. */
  readonly startPaused: boolean;
  readonly paths: InstancePaths;
  readonly imagesDir: string;
  readonly values: ValuesOf;
  /** Where else disks may lie. */
  readonly diskRoots: readonly string[];
  /** Asked for at every launch, so that a QEMU installed later is found. */
  readonly host: () => Promise<QemuHost>;
}

/** What runs guests on this host. */
export interface QemuHost {
  readonly qemuPath: string;
  readonly accelerator: 'kvm' | 'tcg';
}

export async function launch(input: LaunchInput, launcher: Launcher): Promise<ProcessIdentity> {
  const { vm, values, template, spec, startPaused, paths, imagesDir, diskRoots } = input;
  await launcher.makeDirs(paths);
  const [{ qemuPath, accelerator }, onHost] = await Promise.all([
    input.host(),
    prepareInstance(spec, { vm, values, imagesDir, diskRoots, instanceDir: paths.dir }),
    preallocateJournal(paths),
    makeConsoleFile(paths),
  ]);
  const seen = launcher.seenBy(paths);
  const prepared = movedTo(seen, paths, onHost);
  const args = buildQemuArgs({ uid: paths.uid, vm, spec, paths: seen, accelerator, ...prepared });
  const { interfaces } = spec;
  const access = fileAccess({ paths: seen, accelerator, interfaces, ...prepared });
  const argv = [qemuPath, ...args];
  const { uid } = paths;
  const description: InstanceDescription = { vm, uid, argv, template, spec, startPaused };
  await writeFile(paths.description, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  return launcher.spawn({ vm, paths, spec, qemuPath, args, access });
}

/** The disks that lie in the instance's directory, at the place where QEMU sees it. */
function movedTo(
  seen: InstancePaths,
  paths: InstancePaths,
  prepared: PreparedInstance,
): PreparedInstance {
  const moved = (file: string): string =>
    file.startsWith(`${paths.dir}/`) ? `${seen.dir}${file.slice(paths.dir.length)}` : file;
  const disks = prepared.disks.map((disk) => ({ ...disk, file: moved(disk.file) }));
  return { ...prepared, disks };
}
