/** Sends the image of a disk over the daemon's socket. */
import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import { pipeline } from 'node:stream';
import { InterruptedError } from './errors.ts';
import { explain, readError } from './line.ts';
import type { ClientSettings } from './settings.ts';

export interface SentFile {
  readonly file: string;
  /** Its length in bytes. */
  readonly length: number;
  readonly onBytes: (bytes: number) => void;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * PUT of a file of any length. Has no deadline of its own: how long a disk takes nobody can say, and the connection ends with the
 * daemon.
 * @returns the answer's text @throws ApiError when refused
 */
export function uploadFile(
  settings: ClientSettings,
  socketPath: string,
  path: string,
  { file, length, onBytes }: SentFile,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/octet-stream', 'content-length': length };
  const { signal } = settings;
  const outgoing = request({ socketPath, path, method: 'PUT', agent: false, headers, signal });
  const fail = (error: Error): void => {
    if (signal.aborted) reject(new InterruptedError('interrupted', { cause: error }));
    else reject(explain(error, socketPath, path));
  };
  outgoing.on('error', fail);
  outgoing.on('response', (response) => {
    if (response.statusCode !== 201) {
      readError(response).then(reject, reject);
      return;
    }
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', fail);
    response.on('end', () => resolve(text));
  });
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  let sent = 0;
  source.on('data', (chunk) => {
    sent += chunk.length;
    onBytes(sent);
  });
  // What goes wrong on the way the request tells.
  pipeline(source, outgoing, () => {});
  return promise;
}
