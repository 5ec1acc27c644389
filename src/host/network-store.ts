/**
 * Which managed networks solovirt has made, and which addresses it gave: a file of its own, for a state database that is
 * lost must not cost running guests their network.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { KeptNetwork } from '../core/network/fate.ts';

function fileIn(stateDir: string): string {
  return join(stateDir, 'networks.json');
}

/** Nothing where there is no file, or one that is none of ours. */
export function readNetworks(stateDir: string): readonly KeptNetwork[] {
  try {
    const stored: unknown = JSON.parse(readFileSync(fileIn(stateDir), 'utf8'));
    return Array.isArray(stored) ? stored.filter(isKeptNetwork) : [];
  } catch {
    return [];
  }
}

/** On the disk before this resolves. Rejects with what the disk has against it. */
export async function writeNetworks(
  stateDir: string,
  networks: readonly KeptNetwork[],
): Promise<void> {
  const text = `${JSON.stringify(networks, null, 2)}\n`;
  await writeFileAtomic(fileIn(stateDir), text, { mode: 0o600 });
}

function isKeptNetwork(value: unknown): value is KeptNetwork {
  if (typeof value !== 'object' || value === null) return false;
  const { network, members, isUp } = value as Record<string, unknown>;
  if (typeof network !== 'object' || network === null) return false;
  return (
    'bridge' in network &&
    'managed' in network &&
    Array.isArray(members) &&
    typeof isUp === 'boolean'
  );
}
