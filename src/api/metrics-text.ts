/**
 * The text that Prometheus reads. Loaded at the first scrape: a daemon that nobody scrapes pays for none of it.
 * The library escapes, formats and checks names; what it would count by itself it would count with timers, so it is given
 * numbers that are known already.
 */
import {
  Counter,
  Gauge,
  Histogram as LibraryHistogram,
  type MetricType,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client';
import type { Histogram } from '../supervisor/histogram.ts';
import type { Family, Labels } from './metric-family.ts';
import type { MetricSource } from './metric-source.ts';
import { METRICS } from './metrics.ts';

export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** @param openMetrics OpenMetrics 1.0.0 instead of the text format 0.0.4 */
export async function metricsText(
  source: MetricSource,
  openMetrics: boolean,
): Promise<MetricsText> {
  const registry = openMetrics ? openMetricsRegistry() : new Registry();
  for (const family of METRICS) register(registry, family, source);
  return { contentType: registry.contentType, body: await registry.metrics() };
}

function openMetricsRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

type AnyRegistry = NonNullable<ConstructorParameters<typeof Gauge>[0]['registers']>[number];

function register(registry: AnyRegistry, family: Family, source: MetricSource): void {
  const { name, help, labels: labelNames } = family;
  const options = { name, help, labelNames, registers: [registry] };
  switch (family.type) {
    case 'gauge': {
      const gauge = new Gauge(options);
      for (const { labels, value } of family.samples(source)) gauge.set({ ...labels }, value);
      return;
    }
    case 'counter': {
      const counter = new Counter(options);
      for (const { labels, value } of family.samples(source)) counter.inc({ ...labels }, value);
      return;
    }
    case 'histogram':
      new CountedHistogram(options, family.histograms(source));
  }
}

type Counted = ReturnType<Extract<Family, { type: 'histogram' }>['histograms']>;
type Values = Awaited<ReturnType<LibraryHistogram['get']>>;

/** A histogram whose values were counted before the library was loaded. */
class CountedHistogram extends LibraryHistogram {
  readonly #options: { readonly name: string; readonly help: string };
  readonly #counted: Counted;

  constructor(options: ConstructorParameters<typeof LibraryHistogram>[0], counted: Counted) {
    super(options);
    this.#options = options;
    this.#counted = counted;
  }

  override get(): Promise<Values> {
    return this.getForPromString();
  }

  /** What the library asks for when it writes text. */
  getForPromString(): Promise<Values> {
    const { name, help } = this.#options;
    // The library's types have a number where the library has a word.
    const type = 'histogram' as unknown as MetricType;
    const values = this.#counted.flatMap(({ labels, histogram }) => lines(name, labels, histogram));
    return Promise.resolve({ name, help, type, aggregator: 'sum', collect: () => {}, values });
  }
}

function lines(name: string, labels: Labels, histogram: Histogram): Values['values'] {
  const { bounds, count, sum } = histogram;
  const bucket = (le: string, value: number) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le },
    value,
  });
  return [
    ...histogram.cumulative().map((value, index) => bucket(String(bounds[index]), value)),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
    { metricName: `${name}_count`, labels: { ...labels }, value: count },
  ];
}
