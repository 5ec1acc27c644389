/**
 * From a VM's specification to a QEMU process: directories, images, command line, launcher. Throws on the first thing
 * that does not work, with words for the user; what was made stays for the evidence and is removed with it.
 */
import { writeFileSync } from 'node:fs';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { HostNetwork } from '../core/model/host-network.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { InstanceDescription } from '../core/model/record.ts';
import type { InstanceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import { filesystemPaths, type InstancePaths } from '../core/paths.ts';
import { buildQemuArgs } from '../core/qemu-args/build.ts';
import type { Companion } from '../core/qemu-args/companion.ts';
import { fileAccess } from '../core/qemu-args/confinement.ts';
import { filesystemCompanion } from '../core/qemu-args/filesystems.ts';
import { passtCompanion } from '../core/qemu-args/passt.ts';
import { outlastsInstances } from '../core/qemu-args/persistence.ts';
import { networkOf, tapsOf } from '../core/qemu-args/taps.ts';
import { tpmCompanion } from '../core/qemu-args/tpm.ts';
import { findPasst } from './find-passt.ts';
import { makeFile } from './instance-dirs.ts';
import type { Launcher } from './launcher.ts';
import { madeFor, type ValuesOf } from './made-image.ts';
import { ownTurn } from './own-turn.ts';
import { type PreparedInstance, prepareInstance } from './prepare.ts';
import { PrepareError } from './prepare-error.ts';
import { type PreparedFilesystems, prepareFilesystems } from './prepare-filesystems.ts';
import { type PreparedMachine, prepareMachine } from './prepare-machine.ts';
import { hasVhostNet, nicTrouble } from './tap-host.ts';

export interface LaunchInput {
  readonly vm: VmIdentity;
  /** What `spec` was made from, as written; only kept for the record. */
  readonly template: JsonObject;
  readonly spec: InstanceSpec;
  /** Also when a command asked for it; only kept for the record, too. */
  readonly startPaused: boolean;
  /** Of the instance, where it has sockets between host and guest. */
  readonly vsockCid: number | undefined;
  readonly paths: InstancePaths;
  /** Where what outlasts the instances of this VM lies, if anything does. */
  readonly machineDir: string;
  readonly imagesDir: string;
  readonly values: ValuesOf;
  /** Where else disks may lie. */
  readonly diskRoots: readonly string[];
  /** Resolves with the networks of the VM's NICs on bridges once they are there. Rejects with words for people. */
  readonly joinNetworks: () => Promise<readonly HostNetwork[]>;
  /** Asked for at every launch, so that a QEMU installed later is found. */
  readonly host: FindQemuHost;
}

/** What runs guests of this architecture here; absent: amd64. Rejects when there is none. */
export type FindQemuHost = (architecture?: InstanceSpec['architecture']) => Promise<QemuHost>;

/** What runs guests on this host. */
export interface QemuHost {
  readonly qemuPath: string;
  readonly accelerator: 'kvm' | 'tcg';
}

export async function launch(input: LaunchInput, launcher: Launcher): Promise<ProcessIdentity> {
  const { vm, values, template, spec, startPaused, paths, imagesDir, diskRoots } = input;
  const machineDir = outlastsInstances(spec) ? input.machineDir : undefined;
  await ownTurn();
  launcher.makeDirs(paths);
  if (machineDir !== undefined) launcher.makeMachineDir(machineDir);
  const inMachine = machineDir === undefined ? {} : { machineDir };
  const cid = input.vsockCid === undefined ? {} : { vsockCid: input.vsockCid };
  const dumps = spec.panicDumps !== undefined;
  [paths.events, paths.console, ...(dumps ? [paths.memoryDump] : [])].forEach(makeFile);
  const makeStateDir = (dir: string) => launcher.makeStateDir(dir);
  const [{ qemuPath, accelerator }, instance, machine, shared, networks, passt] = await Promise.all(
    [
      input.host(spec.architecture),
      prepareInstance(spec, { vm, values, imagesDir, diskRoots, instanceDir: paths.dir }),
      prepareMachine({ vm, spec, paths, ...inMachine, makeStateDir }),
      prepareFilesystems({
        filesystems: spec.filesystems ?? [],
        paths,
        roots: { imagesDir, diskRoots },
        made: madeFor(vm, spec, values),
        makeStateDir,
      }),
      input.joinNetworks(),
      passtFor(spec),
    ],
  );
  refuseUnpluggable(spec, networks, launcher);
  const seen = launcher.seenBy(paths);
  const moves = [
    [paths.dir, seen.dir],
    ...(machineDir === undefined
      ? []
      : [[machineDir, launcher.machineSeenBy(machineDir)] as const]),
  ] as const;
  const prepared = movedTo(moves, { ...instance, ...machine, ...shared });
  const args = buildQemuArgs({
    uid: paths.uid,
    vm,
    spec,
    paths: seen,
    accelerator,
    now: Date.now(),
    ...cid,
    networks,
    vhostNet: accelerator === 'kvm' && hasVhostNet(),
    ...prepared,
  });
  const { interfaces } = spec;
  const access = fileAccess({
    paths: seen,
    accelerator,
    interfaces,
    ...(dumps && { memoryDump: seen.memoryDump }),
    ...cid,
    ...prepared,
  });
  const argv = [qemuPath, ...args];
  const { uid } = paths;
  const made = { template, spec, startPaused, networks, ...cid };
  const description: InstanceDescription = { vm, uid, argv, ...made };
  writeFileSync(paths.description, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  // The last ones are begun last: no other process beside QEMU is to have a hand on the guest's network.
  const companions = [...companionsOf(prepared, seen), ...networkCompanions(passt, input, seen)];
  const order = { vm, paths, ...inMachine, spec, qemuPath, args, access, companions };
  return launcher.spawn({ ...order, taps: tapsOf(uid, interfaces, networks) });
}

/** What QEMU would say of a descriptor that is not there tells nobody anything. @throws PrepareError */
function refuseUnpluggable(
  { interfaces }: InstanceSpec,
  networks: readonly HostNetwork[],
  launcher: Pick<Launcher, 'tapMaking'>,
): void {
  for (const nic of interfaces) {
    const network = nic.kind === 'bridge' ? networkOf(nic, networks) : undefined;
    if (nic.kind !== 'bridge' || network === undefined) continue;
    const trouble = nicTrouble(nic, network, launcher.tapMaking());
    if (trouble !== undefined) throw new PrepareError(trouble);
  }
}

type Prepared = PreparedInstance & PreparedMachine & PreparedFilesystems;

function companionsOf(
  { tpm, virtiofsd, filesystems }: PreparedMachine & PreparedFilesystems,
  paths: InstancePaths,
): readonly Companion[] {
  return [
    ...(tpm === undefined ? [] : [tpmCompanion(tpm.program, tpm.stateDir, paths)]),
    ...(virtiofsd === undefined
      ? []
      : filesystems.map((shared, index) =>
          filesystemCompanion(virtiofsd, shared, filesystemPaths(paths, index)),
        )),
  ];
}

/** @throws PrepareError */
async function passtFor({ interfaces }: InstanceSpec): Promise<string | undefined> {
  return interfaces.some(({ kind }) => kind === 'passt') ? await findPasst() : undefined;
}

function networkCompanions(
  passt: string | undefined,
  { vm, spec }: Pick<LaunchInput, 'vm' | 'spec'>,
  paths: InstancePaths,
): readonly Companion[] {
  if (passt === undefined) return [];
  return spec.interfaces.flatMap((nic, index) =>
    nic.kind === 'passt' ? [passtCompanion(passt, { vm, nic, index }, paths)] : [],
  );
}

/** The files that lie in directories of solovirt's own, at the places where QEMU sees them. */
function movedTo(
  moves: readonly (readonly [from: string, to: string])[],
  prepared: Prepared,
): Prepared {
  const moved = (file: string): string => {
    const move = moves.find(([from]) => file.startsWith(`${from}/`));
    return move === undefined ? file : `${move[1]}${file.slice(move[0].length)}`;
  };
  const { firmware, tpm } = prepared;
  const vars = firmware && { ...firmware.vars, file: moved(firmware.vars.file) };
  return {
    ...prepared,
    disks: prepared.disks.map((disk) => ({ ...disk, file: moved(disk.file) })),
    systemTable: moved(prepared.systemTable),
    filesystems: prepared.filesystems.map((shared) => ({ ...shared, dir: moved(shared.dir) })),
    ...(firmware && vars && { firmware: { ...firmware, vars } }),
    ...(tpm && { tpm: { ...tpm, stateDir: moved(tpm.stateDir) } }),
  };
}
