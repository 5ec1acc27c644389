/**
 * One of those who look at a serial console. Takes what the guest says without ever holding anybody up: a viewer that
 * falls too far behind is cut off. What was said before it came is handed to it first.
 */
import { Duplex } from 'node:stream';
import { LineCut } from './line.ts';

/** A viewer may leave this much unread. */
const MAX_BEHIND_BYTES = 256 * 1024;

export interface ConsoleViewerHandlers {
  /** Resolves when more may be typed. */
  readonly onInput: (bytes: Buffer) => Promise<void>;
  readonly onGone: (viewer: ConsoleViewer) => void;
}

export class ConsoleViewer extends Duplex {
  readonly #handlers: ConsoleViewerHandlers;
  /** What came while the earlier output was being read; undefined afterwards. */
  #held: Buffer[] | undefined = [];
  #finished = false;

  constructor(handlers: ConsoleViewerHandlers) {
    super({ allowHalfOpen: false });
    this.#handlers = handlers;
    // Whoever uses the stream looks at its end; an error must not end the daemon.
    this.on('error', () => {});
  }

  /** Output of the guest. */
  deliver(bytes: Buffer): void {
    if (this.destroyed) return;
    if (this.#held === undefined) this.push(bytes);
    else this.#held.push(bytes);
    if (this.#behind() > MAX_BEHIND_BYTES)
      this.destroy(new LineCut('the viewer reads too slowly and has fallen too far behind'));
  }

  /** Forgets what came so far: the earlier output that is about to be read has it. */
  hold(): void {
    this.#held = [];
  }

  /** Hands over what was said before, then what has come since. */
  begin(earlier: Buffer): void {
    const first = [earlier, ...(this.#held ?? [])];
    this.#held = undefined;
    for (const bytes of first) if (bytes.length > 0) this.push(bytes);
    if (this.#finished) this.push(null);
  }

  /** The guest says nothing more. */
  finish(): void {
    this.#finished = true;
    if (this.#held === undefined && !this.destroyed) this.push(null);
  }

  override _read(): void {}

  override _write(
    bytes: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#handlers.onInput(bytes).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#handlers.onGone(this);
    done(error);
  }

  #behind(): number {
    const held = this.#held?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    return this.readableLength + held;
  }
}
