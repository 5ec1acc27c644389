/** A Prometheus histogram in the making: how many values fell below each bound, since this daemon's start. */
export class Histogram {
  /** Upper bounds, ascending; beyond the last there is no limit. */
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    const index = this.bounds.findIndex((bound) => value <= bound);
    if (index !== -1) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  /** For each bound how many values were at most that. */
  cumulative(): readonly number[] {
    let below = 0;
    return this.#counts.map((count) => {
      below += count;
      return below;
    });
  }
}
