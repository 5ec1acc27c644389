/** docs/metrics.md has what /metrics serves, row by row. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { METRICS } from '../../../src/api/metrics.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

test('every metric has its row: name, type, labels, meaning', () => {
  const rows = [...PAGE.matchAll(/^\| `([a-z_]+)` \| (\w+) \| (.*) \| (.*) \|$/gm)].map(
    ([, name, type, labels = '', help]) => ({
      name,
      type,
      labels: [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label]) => label),
      help,
    }),
  );
  expect(rows).toEqual(
    METRICS.map(({ name, type, labels, help }) => ({ name, type, labels: [...labels], help })),
  );
});

test('names say what is counted, as Prometheus wants them', () => {
  for (const { name, type } of METRICS) {
    expect(name).toMatch(/^(?:solovirt|kubevirt|process|nodejs)(?:_[a-z0-9]+)+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
});
