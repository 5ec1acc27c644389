/**
 * QEMU's own event journal: what its second monitor wrote to `events.jsonl`. It is complete without any client,
 * but may end in the middle of a line (SIGKILL), hold NULs (a host crash) and be huge (a guest that resets
 * for ever writes 130 bytes each time).
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { QmpEvent } from '../core/model/evidence.ts';
import { openEvidenceSync } from './evidence-file.ts';
import { parseQmpLine } from './qmp-message.ts';

/** Of a longer journal only the first and the last so many bytes are read: its beginning and its end judge. */
export const JOURNAL_WINDOW_BYTES = 256 * 1024;

/** The events, oldest first; empty when there is no journal. Everything that is not an event is left out. */
export function readJournal(path: string): QmpEvent[] {
  return windows(path).flatMap(parseJournal);
}

/** Tolerates anything: lines that are torn, or that are greetings and answers, are left out. */
export function parseJournal(text: string): QmpEvent[] {
  return text
    .replaceAll('\0', '')
    .split('\n')
    .flatMap((line) => {
      const message = parseQmpLine(line);
      return message.kind === 'event' ? [message.event] : [];
    });
}

/** One text, or two with a gap between them. */
function windows(path: string): string[] {
  const fd = openEvidenceSync(path);
  if (fd === undefined) return [];
  try {
    const { size } = fstatSync(fd);
    if (size <= 2 * JOURNAL_WINDOW_BYTES) return [readRange(fd, 0, size)];
    return [
      readRange(fd, 0, JOURNAL_WINDOW_BYTES),
      readRange(fd, size - JOURNAL_WINDOW_BYTES, JOURNAL_WINDOW_BYTES),
    ];
  } finally {
    closeSync(fd);
  }
}

function readRange(fd: number, start: number, length: number): string {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, buffer, filled, length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.toString('utf8', 0, filled);
}
