/**
 * Kubernetes' resource versions: one counter for everything that clients read, which only grows, over restarts too.
 */

const RESERVED_AT_ONCE = 1000;

export class Versions {
  readonly #reserve: (count: number) => number;
  #current: number;
  #reservedUpTo: number;

  /** @param reserve hands out `count` versions that were never used before, and returns the first */
  constructor(reserve: (count: number) => number) {
    this.#reserve = reserve;
    this.#current = reserve(RESERVED_AT_ONCE);
    this.#reservedUpTo = this.#current + RESERVED_AT_ONCE - 1;
  }

  /** The last one that was given out; at first, one that no earlier daemon gave out. */
  get current(): number {
    return this.#current;
  }

  next(): number {
    if (this.#current >= this.#reservedUpTo) {
      const first = this.#reserve(RESERVED_AT_ONCE);
      this.#reservedUpTo = first + RESERVED_AT_ONCE - 1;
      this.#current = Math.max(this.#current, first - 1);
    }
    this.#current += 1;
    return this.#current;
  }
}
