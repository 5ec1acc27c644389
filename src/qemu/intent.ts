/**
 * What solovirt was about to do to an instance, written before doing it, so that an ending of our making can be
 * told from one that came from elsewhere, by any later daemon. One JSON line each, oldest first.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { Initiator, Intent } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';
import { openEvidenceSync, readEvidence } from './evidence-file.ts';

const ACTIONS: Record<Intent['action'], true> = {
  'agent-shutdown': true,
  powerdown: true,
  quit: true,
  terminate: true,
  kill: true,
  'host-shutdown': true,
  'liveness-probe-failed': true,
  'end-hung': true,
};

const INITIATORS: Record<Initiator, true> = {
  guest: true,
  command: true,
  file: true,
  host: true,
  supervisor: true,
  outside: true,
};

/** Returns once the line is on the disk; only then may the deed be done. */
export async function appendIntent(paths: InstancePaths, intent: Intent): Promise<void> {
  const file = openToAppend(paths.intent);
  try {
    const { size } = fstatSync(file);
    // A line torn by a crash must not swallow this one.
    const gap = size > 0 && !endsWithNewline(file, size) ? '\n' : '';
    writeSync(file, `${gap}${JSON.stringify(intent)}\n`);
    await flush(file);
  } finally {
    closeSync(file);
  }
}

const flush = promisify(fsync);

/** What is no file stands in the way of a stop, so it goes. */
function openToAppend(path: string): number {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;
  const file = openEvidenceSync(path, flags, 0o660);
  if (file !== undefined) return file;
  rmSync(path, { recursive: true, force: true });
  return openSync(path, flags | constants.O_EXCL, 0o660);
}

/** Empty when nothing was ever intended. Lines that cannot be understood (torn ones) are left out. */
export function readIntents(paths: InstancePaths): Intent[] {
  const text = readEvidence(paths.intent, 'utf8') ?? '';
  return text.split('\n').flatMap(parseIntentLine);
}

/** No or one intent. */
export function parseIntentLine(line: string): Intent[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [];
  }
  if (typeof value !== 'object' || value === null) return [];
  const { action, initiator, gracePeriodSeconds, at } = value as Record<keyof Intent, unknown>;
  if (!isKeyOf(ACTIONS, action) || !isKeyOf(INITIATORS, initiator)) return [];
  if (typeof gracePeriodSeconds !== 'number' || typeof at !== 'number') return [];
  return [{ action, initiator, gracePeriodSeconds, at }];
}

function isKeyOf<K extends string>(table: Record<K, true>, value: unknown): value is K {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

function endsWithNewline(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
