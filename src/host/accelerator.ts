/**
 * Decides between KVM and TCG. KVM is used only once a guest has run under it on this host: `/dev/kvm` can
 * be there, open, and still run nothing.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorCode, errorMessage } from '../core/thrown.ts';
import { probeKey, readFinding, writeFinding } from './accelerator-cache.ts';
import { probeKvm } from './accelerator-probe.ts';

const KVM_DEVICE = '/dev/kvm';
const DEFAULT_TIMEOUT_MS = 1000;

export interface Accelerator {
  readonly name: 'kvm' | 'tcg';
  /** Why this one, in plain words. */
  readonly reason: string;
}

export interface AcceleratorOptions {
  readonly requested: 'auto' | 'kvm' | 'tcg';
  /** Absolute path of the QEMU program. */
  readonly qemuPath: string;
  /** Where the finding is kept for the rest of this boot. */
  readonly cacheFile: string;
  /** How long the test guest may take; 1000 by default. */
  readonly timeoutMs?: number;
  /** Device that must be there and open; `/dev/kvm` by default. */
  readonly kvmDevice?: string;
}

/** KVM was asked for by name and cannot be used. */
export class AcceleratorError extends Error {
  override readonly name = 'AcceleratorError';
}

/** @throws AcceleratorError only when `kvm` was requested */
export async function chooseAccelerator(options: AcceleratorOptions): Promise<Accelerator> {
  if (options.requested === 'tcg') return { name: 'tcg', reason: 'the configuration asks for it' };
  const { usable, reason } = await findKvm(options);
  if (usable) return { name: 'kvm', reason };
  if (options.requested === 'kvm')
    throw new AcceleratorError(
      `KVM is asked for but cannot be used: ${reason}. Make it work, or set accel to auto or tcg`,
    );
  return { name: 'tcg', reason };
}

async function findKvm(options: AcceleratorOptions): Promise<{ usable: boolean; reason: string }> {
  const { qemuPath, cacheFile, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const problem = await deviceProblem(options.kvmDevice ?? KVM_DEVICE);
  if (problem !== undefined) return { usable: false, reason: problem };
  const key = await probeKey(qemuPath);
  const known = key === undefined ? undefined : await readFinding(cacheFile, key);
  if (known !== undefined) return known;
  const found = await probeKvm(qemuPath, timeoutMs);
  if (key !== undefined && found.conclusive) await writeFinding(cacheFile, key, found);
  return found;
}

/** Permissions may change at any time, so this is looked at before the cache. */
async function deviceProblem(device: string): Promise<string | undefined> {
  try {
    const handle = await open(device, constants.O_RDWR);
    await handle.close();
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO')
      return `there is no ${device}: virtualization is switched off, or its kernel module is not loaded`;
    if (code === 'EACCES' || code === 'EPERM')
      return `no permission to open ${device}: add this user to the group kvm`;
    return `${device} does not open: ${errorMessage(error)}`;
  }
}
