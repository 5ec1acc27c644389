/**
 * The annotations `solovirt.io/start-after` (names of VMs, separated by commas or white space) and
 * `solovirt.io/start-delay` (a duration).
 */
import type { StartOrder, VmIdentity } from '../../model/virtual-machine.ts';
import { parseDuration } from '../duration.ts';
import { quoted } from '../field-path.ts';
import type { Found } from '../fields.ts';
import { checkDnsLabel } from '../names.ts';
import type { Report } from '../report.ts';
import { type HostSettings, START_AFTER, START_DELAY } from './annotations.ts';

const MAX_NAMES = 256;
const MAX_DELAY_SECONDS = 86_400;

/** @param namespace of the VM: that of plain names */
export function resolveStartOrder(
  settings: HostSettings,
  namespace: string,
  report: Report,
): StartOrder {
  const after = settings.get(START_AFTER);
  const delay = settings.get(START_DELAY);
  return {
    after: after === undefined ? [] : readNames(after, namespace, report),
    delayMs: delay === undefined ? 0 : readDelay(delay, report),
  };
}

function readNames(
  annotation: Found<string>,
  namespace: string,
  report: Report,
): readonly VmIdentity[] {
  const words = annotation.value.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length > MAX_NAMES) {
    const message = `${words.length} names, at most ${MAX_NAMES} VMs can be named`;
    report.error('out-of-range', annotation, message);
    return [];
  }
  // A name that stands twice says nothing more.
  return [...new Set(words)].flatMap((word) => {
    const identity = readName(word, namespace);
    if (typeof identity !== 'string') return [identity];
    report.error('invalid-value', annotation, identity);
    return [];
  });
}

/** What is named, or what is wrong with it. */
function readName(word: string, namespace: string): VmIdentity | string {
  const parts = word.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2) return `${quoted(word)}: expected NAME or NAMESPACE/NAME`;
  const identity =
    second === undefined ? { namespace, name: first } : { namespace: first, name: second };
  const fault = checkDnsLabel(identity.name) ?? checkDnsLabel(identity.namespace);
  return fault ?? identity;
}

function readDelay(annotation: Found<string>, report: Report): number {
  const ms = parseDuration(annotation.value.trim());
  if (ms === undefined) {
    const message = `${quoted(annotation.value)} is not a duration, expected one such as 30s, 1m30s or 90 (seconds)`;
    report.error('invalid-value', annotation, message);
    return 0;
  }
  if (ms <= MAX_DELAY_SECONDS * 1000) return ms;
  const message = `${quoted(annotation.value)} is out of range, expected 0 to ${MAX_DELAY_SECONDS} s (24h)`;
  report.error('out-of-range', annotation, message);
  return 0;
}
