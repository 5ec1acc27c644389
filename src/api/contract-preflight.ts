/**
 * Preflight: what this host would say of the VMs of a file, without starting them. solovirt's own.
 */
import type { Problem } from '../core/model/problem.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { SOLOVIRT_API } from './contract-paths.ts';

/** POST with the text of a VM file as the body, of the media type `application/yaml`. Answer: `PreflightReport`. */
export const PREFLIGHT_PATH = `${SOLOVIRT_API}/preflight`;

export interface PreflightReport {
  readonly kind: 'PreflightReport';
  readonly apiVersion: 'solovirt.io/v1';
  /** Only what the host has to say; faults of the file itself are those of `validate`. By their place in the file. */
  readonly problems: readonly Problem[];
  /** Those of the file that run already: their disks, ports and memory are taken by themselves. */
  readonly running: readonly VmIdentity[];
}
