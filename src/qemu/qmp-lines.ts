/**
 * Bytes to lines: QMP sends one JSON object per line, and a stream cuts where it likes.
 * Works on bytes, so that a character split between two chunks survives: no byte of a longer UTF-8
 * sequence looks like a newline. Empty lines are dropped.
 */
import { QmpProtocolError } from './qmp-error.ts';

/** No answer comes near this (the largest, `query-qmp-schema`, has about 0.2 MiB). */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Returns a function that takes chunks in order and gives back the lines each one completes.
 * It throws QmpProtocolError once a line grows beyond `maxBytes`.
 */
export function lineSplitter(maxBytes: number = MAX_LINE_BYTES): (chunk: Buffer) => string[] {
  let pieces: Buffer[] = [];
  let held = 0;

  const add = (piece: Buffer): void => {
    if (held + piece.length > maxBytes)
      throw new QmpProtocolError(
        `a QMP message is longer than ${maxBytes} bytes; that is not QEMU talking`,
      );
    if (piece.length > 0) pieces.push(piece);
    held += piece.length;
  };
  const take = (): string => {
    const line = Buffer.concat(pieces).toString('utf8').trim();
    pieces = [];
    held = 0;
    return line;
  };

  return (chunk) => {
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end === -1) break;
      add(chunk.subarray(start, end));
      const line = take();
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    add(chunk.subarray(start));
    return lines;
  };
}
