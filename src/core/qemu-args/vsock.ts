/** Sockets between host and guest (vsock(7)): a device that the host's kernel serves. */

import { fnv1a64 } from '../fnv1a.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';
import { type GuestDevice, onPci } from './guest-device.ts';

/** What of the host the guest's device needs. */
export const VSOCK_DEVICE = '/dev/vhost-vsock';

/** Below are the hypervisor, the host itself and those that stand for "any" (vsock(7)). */
const FIRST_CID = 3;
const LAST_CID = 2 ** 32 - 2;

/**
 * The address of a guest, the same for each of its runs unless another has it: those of programs beside solovirt are known to
 * the kernel alone, which refuses a second.
 * @param taken those of all other instances
 */
export function chooseCid({ namespace, name }: VmIdentity, taken: ReadonlySet<number>): number {
  const count = LAST_CID - FIRST_CID + 1;
  let offset = Number(fnv1a64(`${namespace}/${name}`) % BigInt(count));
  while (taken.has(FIRST_CID + offset)) offset = (offset + 1) % count;
  return FIRST_CID + offset;
}

export function vsockDevices(cid: number | undefined): readonly GuestDevice[] {
  if (cid === undefined) return [];
  return [onPci({ driver: 'vhost-vsock-pci', id: 'vsock0', 'guest-cid': cid })];
}
