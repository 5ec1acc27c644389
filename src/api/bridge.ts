/**
 * Bytes between a WebSocket and a line into a guest, both ways and no faster than the slower side reads: what waits in
 * between is bounded. Ends with either side.
 */
import type { RawData, WebSocket } from 'ws';
import { type Line, LineCut } from '../supervisor/guest-lines.ts';
import { CLOSE } from './contract-lines.ts';

/** Unsent bytes at which the line is not read any further. */
const HIGH_WATER_BYTES = 64 * 1024;
/** For what was sent before the end to reach the guest. */
const FLUSH_MS = 2000;
/** RFC 6455, 5.5: a control frame has at most 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

export function bridge(webSocket: WebSocket, { stream, ending }: Line, daemon: AbortSignal): void {
  const close = (code: number, reason: string): void => {
    // A side that was held up must see the answer to the close.
    webSocket.resume();
    webSocket.close(code, cutShort(reason));
  };
  const restart = (): void => close(CLOSE.restart, 'the daemon ends; the VM runs on');
  daemon.addEventListener('abort', restart, { once: true });

  webSocket.on('error', () => {});
  webSocket.on('message', (data: RawData) => {
    if (stream.writableEnded || stream.destroyed) return;
    if (stream.write(bytesOf(data)) || stream.writableLength === 0) return;
    webSocket.pause();
    stream.once('drain', () => webSocket.resume());
  });
  webSocket.on('close', () => {
    daemon.removeEventListener('abort', restart);
    // What comes now is nobody's, but reading on is what lets the other end finish.
    stream.resume();
    stream.end(() => stream.destroy());
    setTimeout(() => stream.destroy(), FLUSH_MS).unref();
  });

  stream.on('data', (bytes: Buffer) => {
    if (webSocket.readyState !== webSocket.OPEN) return;
    webSocket.send(bytes, { binary: true }, () => {
      if (webSocket.bufferedAmount < HIGH_WATER_BYTES) stream.resume();
    });
    if (webSocket.bufferedAmount >= HIGH_WATER_BYTES) stream.pause();
  });
  stream.on('end', () => close(CLOSE.done, ending));
  stream.on('error', (error) =>
    close(error instanceof LineCut ? CLOSE.cut : CLOSE.failed, error.message),
  );
  stream.on('close', () => close(CLOSE.done, ending));
  if (daemon.aborted) restart();
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function cutShort(reason: string): string {
  const bytes = Buffer.from(reason);
  // A character that was cut in two goes as well.
  return bytes.length <= MAX_REASON_BYTES
    ? reason
    : bytes
        .subarray(0, MAX_REASON_BYTES)
        .toString()
        .replace(/\ufffd+$/, '');
}
