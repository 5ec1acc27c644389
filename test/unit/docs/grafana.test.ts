/** The dashboard shows what /metrics serves, and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Family } from '../../../src/api/metric-family.ts';
import { METRICS } from '../../../src/api/metrics.ts';

const FILE = join(import.meta.dirname, '../../../docs/grafana/solovirt.json');

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: unknown }[];
  };
}

const DASHBOARD = JSON.parse(readFileSync(FILE, 'utf8')) as Dashboard;
const EXPRESSIONS = DASHBOARD.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const QUERIES = [
  ...EXPRESSIONS,
  ...DASHBOARD.templating.list.map(({ query }) => JSON.stringify(query)),
];

/** Histograms are asked for by their series. */
function seriesOf({ name, type }: Family): readonly string[] {
  return type === 'histogram' ? ['bucket', 'sum', 'count'].map((end) => `${name}_${end}`) : [name];
}

const SERIES = new Map(METRICS.flatMap((family) => seriesOf(family).map((name) => [name, family])));

test('every metric that it asks for is served', () => {
  for (const query of QUERIES)
    for (const [name] of query.matchAll(/\b(?:solovirt|kubevirt|process|nodejs)_\w+/g))
      expect(SERIES.has(name), name).toBe(true);
  expect(EXPRESSIONS.length).toBeGreaterThan(20);
});

test('every label that it selects or groups by is one of the metric', () => {
  for (const expr of EXPRESSIONS) {
    const used = new Set<string>();
    for (const [, name, selector] of expr.matchAll(/\b(\w+)\{([^}]*)\}/g)) {
      const known = ['instance', 'job', 'le', ...(SERIES.get(name ?? '')?.labels ?? [])];
      for (const label of known) used.add(label);
      for (const [, label] of (selector ?? '').matchAll(/(\w+)=/g))
        expect(known, expr).toContain(label);
    }
    for (const [, labels] of expr.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of (labels ?? '').split(', ')) expect([...used], expr).toContain(label);
  }
});

test('it tells of status, ends, restarts, processor, memory, disks and latency', () => {
  const text = EXPRESSIONS.join('\n');
  for (const name of [
    'solovirt_vms',
    'solovirt_vm_ends_total',
    'solovirt_vm_starts_total',
    'solovirt_vm_start_duration_seconds_bucket',
    'kubevirt_vmi_cpu_usage_seconds_total',
    'kubevirt_vmi_memory_resident_bytes',
    'kubevirt_vmi_storage_read_traffic_bytes_total',
  ])
    expect(text).toContain(name);
});

test('no panel covers another', () => {
  const taken = new Set<string>();
  for (const { title, gridPos } of DASHBOARD.panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(x, title).toBeLessThan(24);
        expect(taken.has(`${x},${y}`), title).toBe(false);
        taken.add(`${x},${y}`);
      }
});
