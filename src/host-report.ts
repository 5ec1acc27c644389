/**
 * What this daemon knows of its host: QEMU, the accelerator, and troubles that concern every VM. Looked up when
 * first needed and kept once found; a failure is looked up again, so that a QEMU installed later is found.
 */
import { hostname } from 'node:os';
import type { HostInfo } from './api/contract-host.ts';
import type { DaemonConfig } from './core/config/daemon-config.ts';
import type { TapMaking } from './core/qemu-args/taps.ts';
import { errorMessage } from './core/thrown.ts';
import { type Accelerator, chooseAccelerator } from './host/accelerator.ts';
import { ARM64, findQemu, type QemuBinary } from './host/qemu-binary.ts';
import type { Clock, Logger } from './ports.ts';
import type { QemuHost } from './qemu/launch.ts';
import { tapTrouble } from './qemu/tap-host.ts';
import type { Board } from './supervisor/board.ts';

interface ReportServices {
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
}

interface Found {
  readonly qemu: QemuBinary;
  readonly accelerator: Accelerator;
}

export class HostReport {
  readonly #config: DaemonConfig;
  readonly #services: ReportServices;
  readonly #tapMaking: () => TapMaking;
  readonly #startedAt: number;
  readonly #warnings = new Map<string, string>();
  #qemu: QemuBinary | undefined;
  #found: Found | undefined;
  #lookingUp: Promise<Found> | undefined;

  /** @param tapMaking of the launcher */
  constructor(config: DaemonConfig, services: ReportServices, tapMaking: () => TapMaking) {
    this.#config = config;
    this.#tapMaking = tapMaking;
    this.#services = services;
    this.#startedAt = services.clock.now();
  }

  /** Keeps one warning per topic; undefined takes it back. */
  warn(topic: string, message: string | undefined): void {
    if (message === undefined) {
      if (this.#warnings.delete(topic)) this.#services.log.info({ topic }, 'trouble is over');
      return;
    }
    if (this.#warnings.get(topic) === message) return;
    this.#warnings.set(topic, message);
    this.#services.log.warn({ topic, trouble: message }, 'trouble');
  }

  /** @throws QemuMissingError, QemuUnsuitableError, AcceleratorError */
  async qemuHost(architecture?: 'arm64'): Promise<QemuHost> {
    // KVM runs the host's own architecture alone, and this version knows amd64 hosts.
    if (architecture === 'arm64')
      return { qemuPath: (await findQemu(undefined, undefined, ARM64)).path, accelerator: 'tcg' };
    const { qemu, accelerator } = await this.#lookUp();
    return { qemuPath: qemu.path, accelerator: accelerator.name };
  }

  /** Looks QEMU and the accelerator up, unless they are known; a failure becomes a warning. */
  async settle(): Promise<void> {
    await this.#lookUp().catch(() => {});
  }

  info(board: Board): HostInfo {
    const { vmsDir, imagesDir, stateDir, runtimeDir, socketPath, strategyTable } = this.#config;
    const { readonlySocketPath } = this.#config;
    const snapshots = board.all();
    return {
      kind: 'HostInfo',
      apiVersion: 'solovirt.io/v1',
      version: this.#services.version,
      pid: process.pid,
      startedAt: new Date(this.#startedAt).toISOString(),
      node: hostname(),
      qemu: this.#qemuInfo(),
      accelerator: this.#acceleratorInfo(),
      directories: { vms: vmsDir, images: imagesDir, state: stateDir, runtime: runtimeDir },
      socket: socketPath,
      ...(readonlySocketPath === undefined ? {} : { readonlySocket: readonlySocketPath }),
      strategyTable,
      bridges: bridgesInfo(this.#tapMaking()),
      counts: {
        vms: snapshots.filter((s) => s.record !== undefined).length,
        running: snapshots.filter((s) => s.record?.instance?.phase === 'Running').length,
        invalid: snapshots.filter((s) => s.problems.some((p) => p.severity === 'error')).length,
      },
      warnings: [...this.#warnings.values()],
    };
  }

  #qemuInfo(): HostInfo['qemu'] {
    if (this.#qemu !== undefined) return this.#qemu;
    const error = this.#warnings.get('qemu');
    const path = this.#config.qemu ?? 'qemu-system-x86_64';
    return error === undefined ? { path } : { path, error };
  }

  #acceleratorInfo(): HostInfo['accelerator'] {
    if (this.#found !== undefined) return this.#found.accelerator;
    const name = this.#config.accel === 'kvm' ? 'kvm' : 'tcg';
    return { name, reason: this.#warnings.get('accelerator') ?? 'not found out yet' };
  }

  async #lookUp(): Promise<Found> {
    if (this.#found !== undefined) return this.#found;
    this.#lookingUp ??= this.#find();
    try {
      this.#found = await this.#lookingUp;
      return this.#found;
    } finally {
      this.#lookingUp = undefined;
    }
  }

  async #find(): Promise<Found> {
    this.#qemu = undefined;
    this.#qemu = await this.#orWarn('qemu', findQemu(this.#config.qemu));
    const choice = chooseAccelerator({
      requested: this.#config.accel,
      qemuPath: this.#qemu.path,
      cacheFile: `${this.#config.stateDir}/accelerator.json`,
    });
    return { qemu: this.#qemu, accelerator: await this.#orWarn('accelerator', choice) };
  }

  /** A failure becomes a warning, and goes on as one. */
  async #orWarn<T>(topic: string, answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      this.warn(topic, undefined);
      return value;
    } catch (error) {
      this.warn(topic, errorMessage(error));
      throw error;
    }
  }
}

function bridgesInfo(making: TapMaking): HostInfo['bridges'] {
  const error = tapTrouble(making);
  if (error !== undefined) return { error };
  if (making.kind === 'none') return { error: making.why };
  return { maker: making.kind === 'own' ? 'daemon' : making.kind };
}
