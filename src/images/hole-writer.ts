/**
 * Writes a new file and leaves holes where there are only zeros, so that an empty disk costs no room. Writes at once,
 * without waiting in between: what unpacks an image does nothing else meanwhile.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** What file systems keep or leave out as a whole. */
const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

export class HoleWriter implements Disposable {
  readonly #fd: number;
  #size = 0;
  #closed = false;

  /** @throws when the path exists or cannot be made */
  constructor(path: string) {
    this.#fd = openSync(path, 'wx');
  }

  get size(): number {
    return this.#size;
  }

  /** Appends. */
  write(chunk: Buffer): void {
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      const end = Math.min(chunk.length, at + BLOCK_BYTES - ((this.#size + at) % BLOCK_BYTES));
      if (chunk.subarray(at, end).equals(ZEROS.subarray(0, end - at))) {
        this.#put(chunk.subarray(from, at), this.#size + from);
        from = end;
      }
      at = end;
    }
    this.#put(chunk.subarray(from), this.#size + from);
    this.#size += chunk.length;
  }

  /** What was written may still be on its way to the disk when it returns. */
  finish(): void {
    ftruncateSync(this.#fd, this.#size);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  #put(bytes: Buffer, position: number): void {
    let done = 0;
    while (done < bytes.length)
      done += writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
  }
}
