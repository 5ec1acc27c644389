/**
 * The MAC address of an interface that has none in the manifest. It follows from the names alone, so a guest
 * keeps its address over restarts, and on another host. Part of what guests rely on: never change it.
 */
import type { VmIdentity } from '../model/virtual-machine.ts';

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** A locally administered unicast address (first octet 02) with 40 bits of hash. */
export function defaultMacAddress(vm: VmIdentity, interfaceName: string): string {
  // A slash is in no Kubernetes name, so no two different triples give one text.
  const hash = fnv1a64(`${vm.namespace}/${vm.name}/${interfaceName}`);
  const folded = (hash ^ (hash >> 40n)) & 0xffffffffffn;
  const octets = folded.toString(16).padStart(10, '0').match(/../g) ?? [];
  return ['02', ...octets].join(':');
}

/** FNV-1a, 64 bits, over UTF-16 code units as two bytes each, low byte first. */
function fnv1a64(text: string): bigint {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    for (const byte of [unit & 0xff, unit >> 8])
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return hash;
}
