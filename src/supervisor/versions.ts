/**
 * Kubernetes' resource versions: one counter for everything that clients read, which only grows, over restarts too.
 */

const RESERVED_AT_ONCE = 1000;

interface Block {
  readonly first: number;
  readonly last: number;
}

export class Versions {
  readonly #reserve: (count: number) => number;
  #current: number;
  #block: Block;
  /** Reserved long before it is needed: by then it outlasts the host that none of it is given out again. */
  #spare: Block | undefined;

  /** @param reserve hands out `count` versions that were never used before, and returns the first */
  constructor(reserve: (count: number) => number) {
    this.#reserve = reserve;
    this.#block = this.#take();
    this.#current = this.#block.first;
  }

  /** The last one that was given out; at first, one that no earlier daemon gave out. */
  get current(): number {
    return this.#current;
  }

  next(): number {
    if (this.#current < this.#block.last) this.#current += 1;
    else {
      this.#block = this.#spare ?? this.#take();
      this.#spare = undefined;
      this.#current = this.#block.first;
    }
    if (this.#current > this.#block.last - RESERVED_AT_ONCE / 2) this.#spare ??= this.#take();
    return this.#current;
  }

  #take(): Block {
    const first = this.#reserve(RESERVED_AT_ONCE);
    return { first, last: first + RESERVED_AT_ONCE - 1 };
  }
}
