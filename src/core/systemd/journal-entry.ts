/**
 * A line of the log as an entry of systemd's journal, in its native protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram of fields. Pure.
 *
 * - Names of fields come from the code that logs, never from values: what is nested is one value.
 * - Values are kept byte for byte, up to a limit; only MESSAGE is made fit for terminals.
 */
import { errorWords, type LogLine, messageOf } from './journal-message.ts';

/** Names that people filter by. A field that is not here is `SOLOVIRT_` and its name in capitals. */
export const FIELD_NAMES: Readonly<Record<string, string>> = {
  vm: 'SOLOVIRT_VM',
  instance: 'SOLOVIRT_INSTANCE',
  uid: 'SOLOVIRT_INSTANCE',
  verdict: 'SOLOVIRT_REASON',
  event: 'SOLOVIRT_REASON',
  outcome: 'SOLOVIRT_OUTCOME',
  action: 'SOLOVIRT_ACTION',
  reason: 'SOLOVIRT_WHY',
};

/** syslog(3), as the journal's PRIORITY. */
const PRIORITIES: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** A longer value is cut. */
export const MAX_VALUE_BYTES = 32 * 1024;
/** Of the whole entry; well below net.core.wmem_default, above which the kernel refuses a datagram. */
export const MAX_ENTRY_BYTES = 128 * 1024;
/** journald drops fields with longer names. */
const MAX_NAME_LENGTH = 64;

type Field = readonly [name: string, value: string];

/** The datagram for one line. */
export function journalEntry(line: LogLine): Uint8Array {
  const chunks: Uint8Array[] = [];
  let room = MAX_ENTRY_BYTES;
  for (const [name, value] of fieldsOf(line)) {
    const overhead = name.length + 10;
    const bytes = cut(new TextEncoder().encode(value), Math.min(MAX_VALUE_BYTES, room - overhead));
    if (bytes === undefined) break;
    const field = encodeField(name, bytes);
    room -= field.length;
    chunks.push(field);
  }
  return concat(chunks);
}

function fieldsOf(line: LogLine): readonly Field[] {
  const { error, ...others } = line.fields;
  return [
    ['MESSAGE', messageOf(line)],
    ['PRIORITY', String(PRIORITIES[line.level] ?? PRIORITIES['info'])],
    ['SYSLOG_IDENTIFIER', 'solovirt'],
    ...Object.entries(others).flatMap(([key, value]) => field(key, value)),
    ...(error === undefined ? [] : errorFields(error)),
  ];
}

function errorFields(error: unknown): readonly Field[] {
  const stack = error instanceof Object && 'stack' in error ? error.stack : undefined;
  return [['SOLOVIRT_ERROR', errorWords(error)], ...field('stack', stack)];
}

function field(key: string, value: unknown): readonly Field[] {
  if (value === undefined || value === null) return [];
  return [[fieldName(key), typeof value === 'object' ? JSON.stringify(value) : String(value)]];
}

/** `retryAt` becomes `SOLOVIRT_RETRY_AT`: capitals, digits and underscores are all that the journal allows. */
function fieldName(key: string): string {
  const known = Object.hasOwn(FIELD_NAMES, key) ? FIELD_NAMES[key] : undefined;
  if (known !== undefined) return known;
  const words = key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[^A-Za-z0-9]+/g, '_');
  return `SOLOVIRT_${words.toUpperCase()}`.slice(0, MAX_NAME_LENGTH);
}

/** `NAME=value`; a value that has control characters goes with its length (64 bits, little endian) instead. */
function encodeField(name: string, value: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  const newline = encoder.encode('\n');
  const isPlain = value.every((byte) => byte >= 0x20 || byte === 0x09);
  if (isPlain) return concat([encoder.encode(`${name}=`), value, newline]);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(value.length), true);
  return concat([encoder.encode(`${name}\n`), length, value, newline]);
}

/** At most `limit` bytes, ending with a whole character and a mark when cut; undefined when not even the mark fits. */
function cut(value: Uint8Array, limit: number): Uint8Array | undefined {
  if (value.length <= limit) return value;
  const mark = new TextEncoder().encode(`… (cut, ${value.length} bytes in all)`);
  let end = limit - mark.length;
  if (end < 0) return undefined;
  // 10xxxxxx continues a character (RFC 3629).
  while (end > 0 && ((value[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return concat([value.subarray(0, end), mark]);
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
