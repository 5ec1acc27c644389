/** One line on a terminal that tells how far a copy is; elsewhere nothing but the words that matter. */
import { singleLine } from '../core/terminal-filter.ts';
import type { CliContext } from './context.ts';
import { bytes } from './format/usage-columns.ts';

const REDRAW_MS = 200;
/** Back to the first column, and clear the line (ECMA-48, CR and EL). */
const CLEAR = '\r\u001b[K';

export class ProgressLine implements Disposable {
  readonly #context: CliContext;
  readonly #what: string;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(context: CliContext, what: string) {
    this.#context = context;
    this.#what = singleLine(what);
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  readonly onWait = (): void => {
    this.#context.stderr.write('Another command is at the same image: waiting for it.\n');
  };

  readonly onBytes = (count: number, total?: number): void => {
    const now = performance.now();
    if (!this.#context.isTTY || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#context.stderr.write(
      `${CLEAR}${this.#what}: ${bytes(count)}${total === undefined ? '' : ` of ${bytes(total)}`}`,
    );
  };

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#drawnAt === Number.NEGATIVE_INFINITY) return;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    this.#context.stderr.write(CLEAR);
  }
}
