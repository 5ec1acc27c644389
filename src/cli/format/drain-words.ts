/**
 * How far draining has come, in words. Pure.
 */
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { displayName } from '../names.ts';

/** More names than that are only counted. */
const MAX_NAMES = 10;

/** `3 guests still run: a, b, c` */
export function stillRun(guests: readonly VmIdentity[]): string {
  return `${count(guests)} still run${guests.length === 1 ? 's' : ''}: ${names(guests)}`;
}

/** `3 guests are being stopped: a, b, c` */
export function beingStopped(guests: readonly VmIdentity[]): string {
  if (guests.length === 0) return 'no guest runs';
  return `${count(guests)} ${are(guests)} being stopped: ${names(guests)}`;
}

export function wouldBeStopped(guests: readonly VmIdentity[]): string {
  const what =
    guests.length === 0 ? 'no guest runs' : `${count(guests)} would be stopped: ${names(guests)}`;
  return `Dry run: ${what}`;
}

export const ALL_DOWN = 'all guests are down';

function count(guests: readonly VmIdentity[]): string {
  return guests.length === 1 ? '1 guest' : `${guests.length} guests`;
}

function are(guests: readonly VmIdentity[]): string {
  return guests.length === 1 ? 'is' : 'are';
}

function names(guests: readonly VmIdentity[]): string {
  const all = guests.map(displayName).toSorted();
  if (all.length <= MAX_NAMES) return all.join(', ');
  return `${all.slice(0, MAX_NAMES).join(', ')} and ${all.length - MAX_NAMES} more`;
}
