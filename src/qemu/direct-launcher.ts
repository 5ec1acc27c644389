/**
 * The launcher that needs nothing of the host: QEMU under a detached parent of our own (`parents`), confined to its
 * files, and where this process is root under a user of its own.
 */
import { chmodSync, chownSync } from 'node:fs';
import { dirname } from 'node:path';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import {
  type Companion,
  type CompanionFiles,
  withCompanions,
} from '../core/qemu-args/companion.ts';
import { type Credentials, confineArgs } from '../core/qemu-args/confinement.ts';
import type { TapMaking } from '../core/qemu-args/taps.ts';
import { VSOCK_DEVICE } from '../core/qemu-args/vsock.ts';
import { discardInstance } from './discard.ts';
import { giveDir, giveFile } from './give-files.ts';
import type { GuestUsers } from './guest-users.ts';
import { makeDir, prepareInstanceDirs } from './instance-dirs.ts';
import { killTree, signalProcess } from './kill-tree.ts';
import type { Launcher, LaunchOrder, Target } from './launcher.ts';
import { DirectNetworkKeepers, type NetworkKeepers } from './network-keepers.ts';
import { openWay, SEARCH } from './open-way.ts';
import { programFile } from './program-files.ts';
import { sharingUser } from './share-user.ts';
import { spawnQemu } from './spawn.ts';
import { SpawnError } from './spawn-error.ts';
import { directTapMaking, withMadeTaps } from './tap-host.ts';
import { findUnusable } from './usable-files.ts';

export interface DirectLauncherOptions {
  /** Users for the guests; absent: they run as the user of this process. */
  readonly users?: GuestUsers;
  /** A guest whose user cannot use one of its files is not launched, instead of being launched without. */
  readonly strict?: boolean;
  /** Told for each launch why the guest does not run under a user of its own, or undefined when it does. */
  readonly onSharedUser?: (vm: VmIdentity, reason: string | undefined) => void;
}

export class DirectLauncher implements Launcher {
  readonly umask = 0o077;
  readonly exitFileMs = 1000;
  readonly #options: DirectLauncherOptions;

  constructor(options: DirectLauncherOptions = {}) {
    this.#options = options;
  }

  seenBy(paths: InstancePaths): InstancePaths {
    return paths;
  }

  makeDirs(paths: InstancePaths): void {
    const { users } = this.#options;
    if (users === undefined) prepareInstanceDirs(paths);
    else makeGuestDirs(paths, users);
  }

  machineSeenBy(dir: string): string {
    return dir;
  }

  makeMachineDir(dir: string): void {
    makeDir(dir, { mode: 0o700 });
    if (this.#options.users === undefined) return;
    for (const way of [dir, dirname(dir)]) openWay(way, SEARCH);
  }

  makeStateDir(dir: string): void {
    makeDir(dir, { mode: 0o700 });
  }

  async spawn(order: LaunchOrder): ReturnType<Launcher['spawn']> {
    const { paths, qemuPath, args, access, companions, taps } = order;
    const credentials = await this.#identity(order);
    const sharers = await this.#sharers(companions);
    const [beside, confine] = [programFile('beside'), programFile('confine')];
    const confined = [confine, ...confineArgs(access, credentials), qemuPath, ...args];
    const plugged = withMadeTaps(taps, () => this.tapMaking(), confined);
    const identityOf = (companion: Companion) => sharers.get(companion) ?? credentials;
    const command = withCompanions(companions, plugged, { beside, confine }, identityOf);
    const [program = confine, ...words] = command;
    return spawnQemu({ paths, qemuPath: program, args: words });
  }

  terminate({ identity }: Target): Promise<void> {
    signalProcess(identity, 'SIGTERM');
    return Promise.resolve();
  }

  async kill({ identity }: Target): Promise<void> {
    await killTree(identity, 'SIGKILL');
  }

  discard(_vm: VmIdentity, paths: InstancePaths): Promise<void> {
    return discardInstance(paths, (identity) => killTree(identity, 'SIGKILL'));
  }

  /** Nobody but the daemon stops these guests, and it knows their order. */
  setDependents(): Promise<void> {
    return Promise.resolve();
  }

  tapMaking(): TapMaking {
    return directTapMaking();
  }

  networkKeepers(runtimeDir: string): NetworkKeepers {
    return new DirectNetworkKeepers(runtimeDir);
  }

  /** Those that run as another user than QEMU. @throws SpawnError */
  async #sharers(companions: readonly Companion[]): Promise<ReadonlyMap<Companion, Credentials>> {
    const { users } = this.#options;
    const found = new Map<Companion, Credentials>();
    if (users === undefined) return found;
    for (const companion of companions) {
      const [program = ''] = companion.command;
      const { files } = companion;
      if (files.kind === 'shared' && !isOfInstance(files))
        found.set(companion, await sharingUser(files, program, users));
    }
    return found;
  }

  /** Undefined: that of this process. @throws SpawnError */
  async #identity({
    vm,
    paths,
    access,
    qemuPath,
    companions,
  }: LaunchOrder): Promise<Credentials | undefined> {
    const { users, strict = false, onSharedUser } = this.#options;
    const credentials = users?.of(paths.dir);
    if (users === undefined || credentials === undefined) return undefined;
    // Of what it only reads, its seed is its own too.
    const own = access.read.filter((path) => path.startsWith(`${paths.dir}/`));
    const files = [...access.write.filter((path) => !DEVICES.has(path)), ...own];
    await Promise.all(files.map((path) => giveFile(path, credentials.uid, users.range)));
    for (const { files: theirs } of companions)
      if (theirs.kind !== 'ports' && isOfInstance(theirs))
        await giveDir(theirs.dir, credentials.uid, users.range);
    const obstacle = await findUnusable({ access, program: qemuPath }, credentials);
    if (obstacle !== undefined && strict)
      throw new SpawnError(`QEMU was not started: ${obstacle}; ${REMEDY}`);
    onSharedUser?.(
      vm,
      obstacle &&
        `the QEMU of ${vm.namespace}/${vm.name} runs as root, confined to its files: ${obstacle}; for a user of its own ${REMEDY}`,
    );
    return obstacle === undefined ? credentials : undefined;
  }
}

/** Whether nobody else has a use for the directory. */
function isOfInstance(files: Exclude<CompanionFiles, { kind: 'ports' }>): boolean {
  return files.kind === 'state' || files.whose === 'instance';
}

/** Of the host, with rights of their own. */
const DEVICES: ReadonlySet<string> = new Set(['/dev/kvm', VSOCK_DEVICE]);

const REMEDY =
  'let others read (or give the group solovirt-qemu) the file and search the directories above it';

/**
 * The directory of evidence stays root's, for what lies in it is read and written by the daemon: the guest's user
 * gets through it, but can make, remove and rename nothing there. The directory of sockets is the guest's own. Done at once,
 * for a number is free until a directory has it.
 */
function makeGuestDirs(paths: InstancePaths, users: GuestUsers): void {
  prepareInstanceDirs(paths, { mode: 0o700 });
  const instances = dirname(paths.dir);
  const id = users.free(instances);
  chownSync(paths.dir, 0, id);
  chmodSync(paths.dir, 0o710);
  chownSync(paths.runtimeDir, id, id);
  const sockets = dirname(paths.runtimeDir);
  for (const way of [instances, dirname(instances), sockets, dirname(sockets)])
    openWay(way, SEARCH);
}
