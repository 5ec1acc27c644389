/** The bytes of a seed disk. */
import type { CloudInitSource, SeedData } from '../core/model/virtual-machine.ts';
import { type SeedFacts, seedDisk } from '../core/seed/cloud-init.ts';

export function seedImage(
  { format, userData, networkData }: CloudInitSource,
  facts: SeedFacts,
): Uint8Array {
  const contents = {
    ...(userData && { userData: bytesOf(userData) }),
    ...(networkData && { networkData: bytesOf(networkData) }),
  };
  return seedDisk(format, contents, facts);
}

function bytesOf(data: SeedData): Uint8Array {
  switch (data.kind) {
    case 'text':
      return Buffer.from(data.text);
    case 'base64':
      return Buffer.from(data.base64, 'base64');
  }
}
