/**
 * The serial console of one instance, shared by all who look at it: every viewer gets all output and may type, and none
 * holds up the guest or another viewer. Nothing is open while nobody looks, and nobody but for typing faces QEMU.
 */
import { lstat } from 'node:fs/promises';
import { scrollback } from '../core/scrollback.ts';
import { ConsoleInput } from './console-input.ts';
import { ConsoleOutput } from './console-output.ts';
import { ConsoleViewer } from './console-viewer.ts';
import { NoLineError } from './line.ts';

/** The console's two ends, and the moment after which it says nothing more. */
export interface ConsoleEnds {
  /** QEMU's socket. */
  readonly socket: string;
  /** The file into which QEMU writes the output. */
  readonly log: string;
  readonly ended: Promise<void>;
}

/** Whoever opens more does not look at them. */
const MAX_VIEWERS = 32;

export class ConsoleHub {
  readonly #ends: ConsoleEnds;
  readonly #viewers = new Set<ConsoleViewer>();
  readonly #input: ConsoleInput;
  #output: Promise<ConsoleOutput> | undefined;

  constructor(ends: ConsoleEnds) {
    this.#ends = ends;
    this.#input = new ConsoleInput(ends.socket);
    void ends.ended.then(() => this.#finish());
  }

  /**
   * Lets a viewer in.
   * @param earlierBytes of the output before, at most
   * @throws NoLineError, or the system's error: ENOENT when the instance has no socket for typing
   */
  async attach(earlierBytes: number): Promise<ConsoleViewer> {
    if (this.#viewers.size >= MAX_VIEWERS)
      throw new NoLineError(`the console has ${MAX_VIEWERS} viewers, and no more are let in`);
    const viewer = new ConsoleViewer({
      onInput: (bytes) => this.#input.type(bytes),
      onGone: (gone) => this.#leave(gone),
    });
    this.#viewers.add(viewer);
    try {
      await lstat(this.#ends.socket);
      this.#output ??= this.#follow();
      const output = await this.#output;
      viewer.hold();
      const { bytes, isCut } = await output.earlier(earlierBytes);
      viewer.begin(Buffer.from(scrollback(bytes.toString(), isCut)));
      return viewer;
    } catch (error) {
      viewer.destroy();
      throw error;
    }
  }

  async #follow(): Promise<ConsoleOutput> {
    const { log } = this.#ends;
    const output = await ConsoleOutput.open(log, (bytes) => {
      for (const viewer of this.#viewers) viewer.deliver(bytes);
    });
    if (output === undefined) throw new NoLineError('what the guest said is gone');
    return output;
  }

  #leave(viewer: ConsoleViewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    const output = this.#output;
    this.#output = undefined;
    void output?.then((followed) => followed.close()).catch(() => {});
  }

  async #finish(): Promise<void> {
    this.#input.close();
    await this.#output?.then((output) => output.finish()).catch(() => {});
    for (const viewer of this.#viewers) viewer.finish();
  }
}
