/** The page for those who leave must not forget an annotation that they use. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ANNOTATIONS } from '../../../src/core/manifest/sections/annotations.ts';

test('docs/moving-to-kubevirt.md says what each annotation stands for on a cluster', () => {
  const page = readFileSync(
    join(import.meta.dirname, '../../../docs/moving-to-kubevirt.md'),
    'utf8',
  );
  const rows = [...page.matchAll(/^\| `(solovirt\.io\/[a-z-]+)` \| \S/gm)].map(([, name]) => name);
  expect(rows).toEqual(ANNOTATIONS);
});
