/**
 * Names of the systemd units that VMs run in. The user of a unit is called `vm-` and what stands behind the `@`
 * (systemd gives an instance of a template no user of its own unless it has a name for it), so that has to be fit for
 * a user name too: no `:`, and short. Nothing in it needs systemd's escaping (systemd.unit(5)).
 */
import { fnv1a64 } from '../fnv1a.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';

/** A user name has at most 31 characters (systemd's USER_NAMES), three of them are `vm-`. */
const MAX_LENGTH = 28;
const HASH_DIGITS = 8;

/**
 * What stands between `@` and `.service`: `web`, or `prod_web` outside the namespace `default`. A longer one is cut
 * and ends with a hash, `a-rather-long-name__1f0c9a3e`. Names and namespaces are DNS labels and have no underscore,
 * so no two VMs share one.
 */
export function unitInstance({ namespace, name }: VmIdentity): string {
  const full = namespace === 'default' ? name : `${namespace}_${name}`;
  if (full.length <= MAX_LENGTH) return full;
  const hash = fnv1a64(full).toString(16).padStart(16, '0').slice(-HASH_DIGITS);
  return `${full.slice(0, MAX_LENGTH - HASH_DIGITS - 2)}__${hash}`;
}

/** `solovirt-vm@web.service` */
export function unitName(vm: VmIdentity): string {
  return `solovirt-vm@${unitInstance(vm)}.service`;
}
