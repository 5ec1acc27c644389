/** A UUID that follows from a VM's name alone. */
import { fnv1a64 } from '../fnv1a.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';

/**
 * Version 8 (RFC 9562: made in a way of one's own). Guests take it for their identity: whoever changes how it is made
 * makes every cloud-init believe that it is on a new machine.
 */
export function stableUuid({ namespace, name }: VmIdentity): string {
  // A slash is in no Kubernetes name.
  const hash = (salt: string) =>
    fnv1a64(`${salt}/${namespace}/${name}`).toString(16).padStart(16, '0');
  const hex = hash('uuid-1') + hash('uuid-2');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
