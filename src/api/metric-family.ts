/** The form of a row in the tables of metrics. */
import type { Histogram } from '../supervisor/histogram.ts';
import type { MeasuredVm, MetricSource } from './metric-source.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Named {
  readonly name: string;
  /** One sentence; docs/metrics.md tells more. */
  readonly help: string;
  readonly labels: readonly string[];
}

export type Family =
  | (Named & {
      readonly type: 'gauge' | 'counter';
      readonly samples: (source: MetricSource) => readonly Sample[];
    })
  | (Named & {
      readonly type: 'histogram';
      readonly histograms: (
        source: MetricSource,
      ) => readonly { readonly labels: Labels; readonly histogram: Histogram }[];
    });

/** One number for the whole daemon. */
export function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

/** One sample for each VM that has such a number. */
export function perVm(
  value: (vm: MeasuredVm) => number | undefined,
  more: (vm: MeasuredVm) => Labels = () => ({}),
): (source: MetricSource) => readonly Sample[] {
  return ({ vms }) =>
    vms.flatMap((vm) => {
      const found = value(vm);
      if (found === undefined) return [];
      const { namespace, name } = vm.snapshot;
      return [{ labels: { namespace, name, ...more(vm) }, value: found }];
    });
}

/** Zeros and ones. */
export function flag(value: boolean): number {
  return value ? 1 : 0;
}

export function seconds(unixMs: number): number {
  return unixMs / 1000;
}
