/**
 * Remembers what the probe found, for this boot and this QEMU program. A cache that cannot be read or does
 * not fit only means that the probe runs again.
 */
import { readFile, stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import type { ProbeResult } from './accelerator-probe.ts';

/** Raise it when the probe changes, so that its old answers do not count. */
const PROBE_VERSION = 1;

type Finding = Pick<ProbeResult, 'usable' | 'reason'>;

/** What a finding holds for; undefined when this host does not say. */
export async function probeKey(qemuPath: string): Promise<string | undefined> {
  try {
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const { mtimeMs, size } = await stat(qemuPath);
    return JSON.stringify([PROBE_VERSION, bootId, qemuPath, mtimeMs, size]);
  } catch {
    return undefined;
  }
}

export async function readFinding(cacheFile: string, key: string): Promise<Finding | undefined> {
  try {
    const cached: unknown = JSON.parse(await readFile(cacheFile, 'utf8'));
    return isCached(cached) && cached.key === key ? cached : undefined;
  } catch {
    return undefined;
  }
}

function isCached(value: unknown): value is Finding & { readonly key: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { key, usable, reason } = value as Record<string, unknown>;
  return typeof key === 'string' && typeof usable === 'boolean' && typeof reason === 'string';
}

/** Where nothing can be written, the next start probes again; that is no reason to fail. */
export async function writeFinding(
  cacheFile: string,
  key: string,
  { usable, reason }: Finding,
): Promise<void> {
  const text = `${JSON.stringify({ key, usable, reason })}\n`;
  await writeFileAtomic(cacheFile, text, { mode: 0o600 }).catch(() => {});
}
