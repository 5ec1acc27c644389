/** Holds back what would be too much at once. */
export class AtMost {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count how many tasks may run at once, 1 or more */
  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the task when fewer than that are running, in the order of asking; its result or error is the caller's. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      // Whoever is done hands over its place.
      await promise;
    } else {
      this.#free -= 1;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
