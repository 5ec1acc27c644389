/** docs/transcripts.md is generated; this tells when it has to be generated anew. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CELLS, eventWords } from '../../e2e/matrix.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/transcripts.md'), 'utf8');
const sections = new Map(
  page
    .split('\n### ')
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
);

test.for(CELLS.map((cell) => [`${cell.strategy}: ${eventWords(cell.event)}`, cell] as const))(
  'the transcript of %s is of the row that the tests play',
  ([title, { file, status, ended, answer }]) => {
    const text = sections.get(title) ?? '';
    expect(/file after: `runStrategy: (\w+)/.exec(text)?.[1]).toBe(file);
    expect(/^Status: +(\w+)/m.exec(text)?.[1]).toBe(status);
    expect(/^- answer: (.*)$/m.exec(text)?.[1]).toBe(answer?.join(' '));
    const verdicts = [...text.matchAll(/(Succeeded|Failed) +(\w+)/g)].map(
      ([, o, r]) => `${o} ${r}`,
    );
    expect(verdicts).toEqual(ended);
  },
);
