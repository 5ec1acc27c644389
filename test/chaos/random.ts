/** The one source of chance: the same seed draws the same schedule on every machine. */

export interface Random {
  /** A whole number in [0, limit). */
  below(limit: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** One of the values, each as likely as its weight says. */
  weighted<T>(table: readonly (readonly [weight: number, value: T])[]): T;
}

/** mulberry32, by Tommy Ettinger; public domain. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    pick: (list) => list[below(list.length)] ?? list[0],
    weighted: (table) => {
      let left = below(table.reduce((sum, [weight]) => sum + weight, 0));
      for (const [weight, value] of table) {
        if (left < weight) return value;
        left -= weight;
      }
      throw new Error('the weights are empty');
    },
  };
}
