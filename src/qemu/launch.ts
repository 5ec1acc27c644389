/**
 * From a VM's specification to a QEMU process: directories, images, command line, spawn. Throws on the first thing
 * that does not work, with words for the user; what was made stays for the evidence and is removed with it.
 */
import { writeFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstanceDescription } from '../core/model/record.ts';
import type { InstanceSpec, JsonObject, VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import { buildQemuArgs } from '../core/qemu-args/build.ts';
import { prepareInstance } from './prepare.ts';
import { preallocateJournal, prepareInstanceDirs, spawnQemu } from './spawn.ts';

export interface LaunchInput {
  readonly vm: VmIdentity;
  /** What `spec` was made from, as written; only kept for the record. */
  readonly template: JsonObject;
  readonly spec: InstanceSpec;
  readonly paths: InstancePaths;
  readonly imagesDir: string;
  /** Asked for at every launch, so that a QEMU installed later is found. */
  readonly host: () => Promise<QemuHost>;
}

/** What runs guests on this host. */
export interface QemuHost {
  readonly qemuPath: string;
  readonly accelerator: 'kvm' | 'tcg';
}

export async function launch(input: LaunchInput): Promise<ProcessIdentity> {
  const { vm, template, spec, paths, imagesDir } = input;
  await prepareInstanceDirs(paths);
  const [{ qemuPath, accelerator }, prepared] = await Promise.all([
    input.host(),
    prepareInstance(spec, { imagesDir, instanceDir: paths.dir }),
    preallocateJournal(paths),
  ]);
  const args = buildQemuArgs({ uid: paths.uid, vm, spec, paths, accelerator, ...prepared });
  const argv = [qemuPath, ...args];
  const description: InstanceDescription = { vm, uid: paths.uid, argv, template, spec };
  await writeFile(paths.description, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  return spawnQemu({ paths, qemuPath, args });
}
