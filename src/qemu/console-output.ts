/**
 * Follows what a guest says on its serial console, from the file into which QEMU writes it: reading there, however slowly,
 * never holds up the guest. Costs nothing while the guest is silent, and a look every few milliseconds while it floods.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEvidence } from './evidence-file.ts';

const CHUNK_BYTES = 64 * 1024;
/** Between two looks: QEMU writes every byte by itself. */
const BREATH_MS = 4;

export class ConsoleOutput {
  readonly #file: FileHandle;
  readonly #watcher: FSWatcher;
  readonly #onOutput: (bytes: Buffer) => void;
  #position: number;
  #changed = true;
  #closed = false;
  #looking: Promise<void> = Promise.resolve();
  #idle = true;

  private constructor(path: string, file: FileHandle, size: number, onOutput: (b: Buffer) => void) {
    this.#file = file;
    this.#position = size;
    this.#onOutput = onOutput;
    this.#watcher = watch(path, { persistent: false }, () => this.#notice());
    this.#watcher.on('error', () => {});
  }

  /** @throws the system's error; undefined when there is no such file */
  static async open(
    path: string,
    onOutput: (bytes: Buffer) => void,
  ): Promise<ConsoleOutput | undefined> {
    const file = await openEvidence(path);
    if (file === undefined) return undefined;
    try {
      const output = new ConsoleOutput(path, file, (await file.stat()).size, onOutput);
      // For what was written between the look at the size and the watch.
      output.#notice();
      return output;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The last bytes before what was handed over last. */
  async earlier(maxBytes: number): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
    const end = this.#position;
    const length = Math.min(end, maxBytes);
    const { buffer, bytesRead } = await this.#file.read(
      Buffer.alloc(length),
      0,
      length,
      end - length,
    );
    return { bytes: buffer.subarray(0, bytesRead), isCut: end > length };
  }

  /** Hands over what is left, and closes. */
  async finish(): Promise<void> {
    this.#notice();
    await this.#looking;
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watcher.close();
    await this.#looking;
    await this.#file.close();
  }

  #notice(): void {
    this.#changed = true;
    if (!this.#idle || this.#closed) return;
    this.#idle = false;
    this.#looking = this.#look()
      .catch(() => {})
      .finally(() => {
        this.#idle = true;
      });
  }

  async #look(): Promise<void> {
    while (this.#changed && !this.#closed) {
      this.#changed = false;
      const { size } = await this.#file.stat();
      // It was cut (`cap-log.ts`): what has been written since begins anew.
      if (size < this.#position) this.#position = 0;
      if (size === this.#position) continue;
      const length = Math.min(size - this.#position, CHUNK_BYTES);
      const { buffer, bytesRead } = await this.#file.read(
        Buffer.alloc(length),
        0,
        length,
        this.#position,
      );
      this.#position += bytesRead;
      this.#onOutput(buffer.subarray(0, bytesRead));
      if (this.#position < size) this.#changed = true;
      await sleep(BREATH_MS);
    }
  }
}
