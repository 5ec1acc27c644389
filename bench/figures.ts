/** Figures of a benchmark: what was measured, by whom, and how they compare. Pure. */

export type Unit = 'ms' | 'MiB' | '%' | '/min' | 'kB' | '';

/** Several readings of one thing by one program. */
export interface Series {
  /** Who was measured, e.g. `solovirt`, `QEMU alone`, `virsh`. */
  readonly by: string;
  readonly values: readonly number[];
}

export interface Figure {
  /** Stable name, for comparison between runs. */
  readonly id: string;
  readonly what: string;
  readonly unit: Unit;
  /** The first one is solovirt. */
  readonly series: readonly Series[];
  /** Which part of the sorted readings is shown; 0.5 unless given. The median is shown beside another one. */
  readonly quantile?: number;
  /** It depends on more than the programs, so that no ratio of it says that one has become worse. */
  readonly fickle?: true;
  /** What is aimed at, in words, and whether it was reached. */
  readonly target?: Target;
}

export interface Target {
  readonly words: string;
  /** @param value gives what is shown of a series */
  readonly isMet: (value: (by: string) => number) => boolean;
}

export interface Result {
  readonly id: string;
  readonly what: string;
  readonly unit: Unit;
  readonly values: Readonly<Record<string, number>>;
  /** Where `values` are another quantile. */
  readonly medians?: Readonly<Record<string, number>>;
  readonly fickle?: true;
  readonly spread: Readonly<Record<string, readonly [number, number]>>;
  readonly target?: { readonly words: string; readonly met: boolean };
}

/** @param part 0 to 1 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
}

export function resultOf(figure: Figure): Result {
  const { id, what, unit, series, target, fickle } = figure;
  const at = (part: number) =>
    Object.fromEntries(series.map((s) => [s.by, quantile(s.values, part)]));
  const values = at(figure.quantile ?? 0.5);
  const spread = Object.fromEntries(
    series.map((s) => [s.by, [quantile(s.values, 0), quantile(s.values, 1)] as const]),
  );
  const met = target?.isMet((by) => values[by] ?? Number.NaN);
  return {
    id,
    what,
    unit,
    values,
    ...(figure.quantile === undefined ? {} : { medians: at(0.5) }),
    ...(fickle === undefined ? {} : { fickle }),
    spread,
    ...(target === undefined || met === undefined ? {} : { target: { words: target.words, met } }),
  };
}

/** How much worse a ratio to the others may be than the stored one before it counts as a regression. */
const SLACK = 1.4;

/**
 * Ratios are compared, not times: the machine may be another one. Those of medians: a tail is mostly the machine's.
 * @returns one sentence for each figure that has become worse
 */
export function regressions(
  before: readonly Result[],
  after: readonly Result[],
): readonly string[] {
  return after.flatMap((now) => {
    const then = before.find(({ id }) => id === now.id);
    if (then === undefined || now.fickle === true) return [];
    const middle = ({ values, medians }: Result): Result['values'] =>
      now.medians === undefined ? values : (medians ?? {});
    const [own, ...others] = Object.keys(now.values);
    if (own === undefined) return [];
    return others.flatMap((other) => {
      const was = ratio(middle(then)[own], middle(then)[other]);
      const is = ratio(middle(now)[own], middle(now)[other]);
      if (!(is > was * SLACK)) return [];
      return [`${now.what}: ${is.toFixed(2)} times ${other}, stored is ${was.toFixed(2)} times`];
    });
  });
}

function ratio(value: number | undefined, other: number | undefined): number {
  return (value ?? Number.NaN) / (other ?? Number.NaN);
}

/** Markdown table, one row for each figure. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ what, unit, values, medians, spread, target }) => {
    const cells = Object.entries(values).map(([by, value]) => {
      const [least, most] = spread[by] ?? [value, value];
      const median = medians?.[by] === undefined ? '' : `median ${short(medians[by])}, `;
      const range = least === most ? '' : ` (${median}${short(least)}–${short(most)})`;
      return `${by} **${short(value)}**${range}`;
    });
    const aim = target === undefined ? '' : `${target.words}: ${target.met ? 'met' : '**missed**'}`;
    return `| ${what} | ${unit} | ${cells.join('<br>')} | ${aim} |`;
  });
  return ['| what | unit | median (least–most) | target |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
}

function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
