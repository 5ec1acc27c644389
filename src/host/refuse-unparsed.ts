/**
 * Refuses what is no HTTP. Node's own refusal closes the connection at once, and the kernel takes an answer away from a
 * sender whose connection is closed while something of it is unread; this one hears the sender out first.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long the sender has for what is on its way, and for hanging up. */
const HEAR_OUT_MS = 1000;

/** Codes as in Node's own refusals (https://nodejs.org/api/http.html#event-clienterror); anything else is a 400. */
const CODES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * For the event `clientError` of a server, which comes again with each piece that is read after the first bad one.
 * @param answering the answer that the connection was waiting for, if any
 */
export function refuseUnparsed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  answering: ServerResponse | undefined,
): void {
  if (socket.writableEnded && !socket.destroyed) return;
  const isAmidAnswer = answering?.headersSent === true && !answering.writableFinished;
  if (!socket.writable || isAmidAnswer) {
    socket.destroy();
    return;
  }
  const code = CODES[error.code ?? ''] ?? 400;
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  );
  const alarm = setTimeout(() => socket.destroy(), HEAR_OUT_MS);
  socket.once('close', () => clearTimeout(alarm));
}
