/**
 * The launcher of the packaged service: each VM is a unit `solovirt-vm@INST.service`, whose helpers (`systemd/vm-*`)
 * leave the same files as `parents`. The service manager is QEMU's parent, so a guest is stopped gracefully at a host
 * shutdown although no daemon is alive, and the daemon needs no privileges.
 */

import { existsSync } from 'node:fs';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { Limits, VmIdentity } from '../core/model/virtual-machine.ts';
import { handOverDir, type InstancePaths, machineDirInUnit, pathsInUnit } from '../core/paths.ts';
import { withCompanions } from '../core/qemu-args/companion.ts';
import { confineArgs } from '../core/qemu-args/confinement.ts';
import type { TapMaking } from '../core/qemu-args/taps.ts';
import { unitInstance, unitName } from '../core/systemd/unit-name.ts';
import { cpuQuota, unitProperties } from '../core/systemd/unit-properties.ts';
import { errorMessage } from '../core/thrown.ts';
import { AtMost } from './at-most.ts';
import { awaitInDirectory } from './await-file.ts';
import { discardInstance } from './discard.ts';
import { writeDependents, writeHandOver } from './hand-over.ts';
import { makeDir, prepareInstanceDirs } from './instance-dirs.ts';
import { KillError } from './kill-tree.ts';
import type { Launcher, LaunchOrder, Target } from './launcher.ts';
import { type NetworkKeepers, SystemdNetworkKeepers } from './network-keepers.ts';
import { recordOomBaseline } from './oom.ts';
import { isAlive, readProcessFile } from './process-identity.ts';
import { programFile } from './program-files.ts';
import { SpawnError } from './spawn-error.ts';
import { startUnit } from './start-unit.ts';
import { systemctl } from './systemctl.ts';
import { readTail } from './tail.ts';
import { withMadeTaps } from './tap-host.ts';

export interface SystemdLauncherOptions {
  readonly runtimeDir: string;
  /** The group that the units' processes run in; this process must be a member. */
  readonly gid: number;
}

/** A start that waits for the service manager to be done with others and with the unit's last run, and then for one exec. */
const IDENTITY_MS = 30_000;
/** Long enough for a start job that waits until the unit's last run has been cleared away. */
const START_MS = 30_000;

/**
 * The service manager begins one unit after another anyway. Each start that waits for it holds a connection to the system
 * bus, which gives one user 256 (dbus-daemon(1), `max_connections_per_user`), and the deadlines above run.
 */
const STARTS_AT_ONCE = 32;

/** systemctl writes what `set-property --runtime` sets into drop-ins below. */
const PROPERTY_DIR = '/run/systemd/system.control';

/** Of `solovirt-tap.socket`. */
const TAP_SOCKET = '/run/solovirt-tap.sock';

export class SystemdLauncher implements Launcher {
  /** The units are in a group with the daemon. */
  readonly umask = 0o007;
  /** `ExecStopPost=` writes the file; on a busy host the service manager takes its time. */
  readonly exitFileMs = 5000;
  readonly #options: SystemdLauncherOptions;
  readonly #starts = new AtMost(STARTS_AT_ONCE);

  constructor(options: SystemdLauncherOptions) {
    this.#options = options;
  }

  seenBy(paths: InstancePaths): InstancePaths {
    return pathsInUnit(this.#options.runtimeDir, paths.uid);
  }

  makeDirs(paths: InstancePaths): void {
    prepareInstanceDirs(paths, { mode: 0o2770, gid: this.#options.gid });
  }

  machineSeenBy(): string {
    return machineDirInUnit(this.#options.runtimeDir);
  }

  makeMachineDir(dir: string): void {
    makeDir(dir, { mode: 0o2770, gid: this.#options.gid });
  }

  makeStateDir(dir: string): void {
    this.makeMachineDir(dir);
  }

  async spawn(order: LaunchOrder): Promise<ProcessIdentity> {
    const { vm, paths, machineDir, spec, qemuPath, args, access, companions, taps } = order;
    // Not the quota yet: with a small one the way to QEMU alone would take longer than anybody waits.
    const { cpuNano, ...limits } = spec.limits ?? {};
    await this.#setLimits(order, limits);
    writeHandOver(this.#handOver(vm), {
      paths,
      machineDir,
      command: withCompanions(
        companions,
        withMadeTaps(taps, () => this.tapMaking(), [
          programFile('confine'),
          ...confineArgs(access),
          qemuPath,
          ...args,
        ]),
        { beside: programFile('beside'), confine: programFile('confine') },
      ),
      gracePeriodSeconds: spec.gracePeriodSeconds,
      taps,
      gid: this.#options.gid,
    });
    const identity = await this.#starts.run(() => this.#start(unitName(vm), paths));
    if (cpuNano !== undefined) await this.#setQuota(order, cpuNano, identity);
    await recordOomBaseline(paths, identity.pid);
    return identity;
  }

  terminate(target: Target): Promise<void> {
    return signalUnit(target, 'main', 'SIGTERM');
  }

  kill(target: Target): Promise<void> {
    return signalUnit(target, 'all', 'SIGKILL');
  }

  async discard(vm: VmIdentity, paths: InstancePaths): Promise<void> {
    await discardInstance(paths, (identity) => this.kill({ vm, identity }));
    // A start job that has not begun yet would find the next launch's files, and one that ends late would be
    // mistaken for the next.
    await systemctl('stop', unitName(vm)).catch(() => undefined);
  }

  setDependents(vm: VmIdentity, dependents: readonly VmIdentity[]): Promise<void> {
    return writeDependents(this.#handOver(vm), dependents.map(unitInstance));
  }

  tapMaking(): TapMaking {
    return { kind: 'service', socket: TAP_SOCKET };
  }

  networkKeepers(runtimeDir: string): NetworkKeepers {
    return new SystemdNetworkKeepers(runtimeDir);
  }

  #handOver(vm: VmIdentity): string {
    return handOverDir(this.#options.runtimeDir, unitInstance(vm));
  }

  /** Limits of an earlier launch stay in force until they are taken back. */
  async #setLimits({ vm, spec }: LaunchOrder, limits: Limits): Promise<void> {
    const unit = unitName(vm);
    if (spec.limits === undefined && !existsSync(`${PROPERTY_DIR}/${unit}.d`)) return;
    await setProperties(unit, unitProperties(limits));
  }

  /** No guest code has run by now. */
  async #setQuota({ vm }: LaunchOrder, cpuNano: number, identity: ProcessIdentity): Promise<void> {
    try {
      await setProperties(unitName(vm), [cpuQuota(cpuNano)]);
    } catch (error) {
      await this.kill({ vm, identity });
      throw error;
    }
  }

  async #start(unit: string, paths: InstancePaths): Promise<ProcessIdentity> {
    const abort = new AbortController();
    const failed = startUnit(unit, { timeoutMs: START_MS }).catch((error: unknown) => {
      // A QEMU that ended at once has left its identity all the same, and its end says more.
      if (readProcessFile(paths.process) === undefined) abort.abort(error);
    });
    try {
      const found = await awaitInDirectory(
        paths.dir,
        () => readProcessFile(paths.process)?.identity,
        { timeoutMs: IDENTITY_MS, signal: abort.signal },
      );
      if (found !== undefined) return found;
      await failed;
      throw new Error(`${unit} did not start QEMU within ${IDENTITY_MS / 1000} s`);
    } catch (cause) {
      await systemctl('stop', unit).catch(() => undefined);
      const words = await readTail(paths.stderr, { maxLines: 5, maxBytes: 1024 });
      throw new SpawnError(
        `QEMU was not started: ${errorMessage(cause)}${words === '' ? '' : `\n${words}`}`,
        { cause },
      );
    }
  }
}

async function setProperties(unit: string, properties: readonly string[]): Promise<void> {
  try {
    await systemctl('set-property', '--runtime', unit, ...properties);
  } catch (cause) {
    throw new SpawnError(`the limits of ${unit} could not be set: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

/** The units belong to users of their own, so only the service manager may signal their processes. */
async function signalUnit(
  { vm, identity }: Target,
  whom: 'main' | 'all',
  signal: NodeJS.Signals,
): Promise<void> {
  if (!isAlive(identity)) return;
  try {
    await systemctl('kill', `--kill-whom=${whom}`, `--signal=${signal}`, unitName(vm));
  } catch (cause) {
    if (isAlive(identity))
      throw new KillError(`cannot send ${signal} to QEMU (pid ${identity.pid})`, { cause });
  }
}
