/**
 * How a QEMU is put onto the host. Two ways that leave the same files behind, so that nothing else needs to know
 * which one it was: `direct`, a detached parent of our own, and `systemd`, a unit for each VM.
 */
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstanceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import type { Companion } from '../core/qemu-args/companion.ts';
import type { FileAccess } from '../core/qemu-args/confinement.ts';
import type { Tap, TapMaking } from '../core/qemu-args/taps.ts';
import type { NetworkKeepers } from './network-keepers.ts';

export interface LaunchOrder {
  readonly vm: VmIdentity;
  readonly paths: InstancePaths;
  /** Of what outlasts the instance; absent when nothing does. */
  readonly machineDir?: string;
  readonly spec: InstanceSpec;
  /** Absolute. */
  readonly qemuPath: string;
  /** Written for the paths that `seenBy` gives. */
  readonly args: readonly string[];
  /** The same goes for these. */
  readonly access: FileAccess;
  readonly companions: readonly Companion[];
  readonly taps: readonly Tap[];
}

/** A QEMU to be signalled. */
export interface Target {
  readonly vm: VmIdentity;
  readonly identity: ProcessIdentity;
}

export interface Launcher {
  /** What the files of an instance are not for: umask(2) of the daemon. */
  readonly umask: number;
  /** How long the wait status may take to appear after the end, in milliseconds. */
  readonly exitFileMs: number;

  /** The instance's paths as its QEMU sees them. */
  seenBy(paths: InstancePaths): InstancePaths;

  /** The machine's directory as its QEMU sees it. */
  machineSeenBy(dir: string): string;

  /**
   * Makes the directory of what outlasts the instances of a VM: only solovirt and the VM's QEMU get into it.
   * @throws DiskFullError
   */
  makeMachineDir(dir: string): void;

  /** Makes a directory in one of these two that a companion writes into. @throws DiskFullError */
  makeStateDir(dir: string): void;

  /**
   * Makes the instance's directories: only solovirt and this QEMU get into them.
   * @throws DiskFullError, SpawnError when they are in use
   */
  makeDirs(paths: InstancePaths): void;

  /**
   * Starts QEMU and resolves once it has an identity, just before it is executed; how the launch goes on shows in
   * the `exit` file and on the QMP socket.
   * @throws SpawnError; then nothing is left running
   */
  spawn(order: LaunchOrder): Promise<ProcessIdentity>;

  /** SIGTERM. No effect on a process that has ended. @throws KillError */
  terminate(target: Target): Promise<void>;

  /** SIGKILL, to QEMU and all it started. No effect on what has ended. @throws KillError */
  kill(target: Target): Promise<void>;

  /** Drops an instance whose launch an earlier daemon did not finish, whatever is still on its way. */
  discard(vm: VmIdentity, paths: InstancePaths): Promise<void>;

  /** Names of VMs that are to end before this one when the host shuts down, as far as they run now. */
  setDependents(vm: VmIdentity, dependents: readonly VmIdentity[]): Promise<void>;

  /** Who puts guests onto bridges. Looked at now. */
  tapMaking(): TapMaking;

  /** How managed networks are made where guests are launched so. */
  networkKeepers(runtimeDir: string): NetworkKeepers;
}
