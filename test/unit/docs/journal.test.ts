/** The fields that people filter by are the ones that the page names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FIELD_NAMES, journalEntry } from '../../../src/core/systemd/journal-entry.ts';
import { decodeEntry } from '../../support/service-manager.ts';

test('docs/journal.md names every field that has a name of its own', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/journal.md'), 'utf8');
  const cells = [...page.matchAll(/^\| (`.*?`) \|/gm)].map(([, cell]) => cell ?? '');
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const error = { message: 'm', stack: 's' };
  const entry = decodeEntry(journalEntry({ level: 'info', msg: 'm', fields: { error } }));
  const names = [...entry.map(([name]) => name), ...Object.values(FIELD_NAMES)];
  expect(named.toSorted()).toEqual([...new Set(names)].toSorted());
});
