/**
 * A connection into a guest that somebody outside uses: bytes both ways, and why it ended. What carries it to its user
 * (a WebSocket) is not known here.
 */
import type { Duplex } from 'node:stream';

export interface Line {
  /** Ends when the guest's side ends; is destroyed with a `LineCut` when solovirt ends it. */
  readonly stream: Duplex;
  /** Why it ended, in words, when the stream ends by itself. */
  readonly ending: string;
}

/** Solovirt has cut the line; the message says why. */
export class LineCut extends Error {
  override readonly name = 'LineCut';
}

/** The instance has no such way in: it was started before solovirt made one, or QEMU is gone. */
export class NoLineError extends Error {
  override readonly name = 'NoLineError';
}
