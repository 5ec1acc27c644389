/**
 * The manifests under test/fixtures/manifests. A bad one ends with the list of its problems, one comment
 * each: `# LINE:COLUMN SEVERITY CODE PATH`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import type { ParsedFile } from '../../../../src/core/manifest/parsed.ts';
import type { Problem } from '../../../../src/core/model/problem.ts';

const FIXTURES = new URL('../../../fixtures/manifests/', import.meta.url);

interface Fixture {
  readonly file: string;
  readonly text: string;
  readonly parsed: ParsedFile;
}

function fixtures(folder: string): readonly Fixture[] {
  return readdirSync(new URL(folder, FIXTURES)).map((file) => {
    const text = readFileSync(new URL(`${folder}/${file}`, FIXTURES), 'utf8');
    return { file, text, parsed: parseManifests(text) };
  });
}

const GOOD = fixtures('good');
const BAD = fixtures('bad');

function problemsOf({ problems, documents }: ParsedFile): readonly Problem[] {
  return [...problems, ...documents.flatMap((document) => document.problems)];
}

function describeProblem({ line, column, severity, code, path }: Problem): string {
  return `${line}:${column} ${severity} ${code} ${path}`.trimEnd();
}

describe('good manifests', () => {
  test.for(GOOD)('$file has no error', ({ parsed }) => {
    const { documents } = parsed;
    expect(problemsOf(parsed).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(documents.map(({ vm, object }) => vm ?? object?.content)).not.toContain(undefined);
    expect(documents.length).toBeGreaterThan(0);
  });
});

describe('bad manifests', () => {
  test.for(BAD)('every problem of $file is found at its place', ({ text, parsed }) => {
    const expected = text.split('\n').filter((line) => /^# \d+:\d+ (error|warning) /.test(line));
    expect(expected.length).toBeGreaterThan(0);
    expect(problemsOf(parsed).map((problem) => `# ${describeProblem(problem)}`)).toEqual(expected);
  });

  test.for(BAD)('no document of $file with an error gives a VM, or anything', ({ parsed }) => {
    for (const { vm, object, problems } of parsed.documents)
      expect((vm ?? object?.content) === undefined).toBe(
        problems.some(({ severity }) => severity === 'error'),
      );
  });

  test.for(BAD)('the problems of $file are in order', ({ parsed }) => {
    for (const { problems } of parsed.documents) {
      const places = problems.map(({ line, column }) => line * 1000 + column);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });
});

describe('every document', () => {
  test.for([...GOOD, ...BAD])(
    'of $file gives the same when its own text is parsed',
    ({ parsed }) => {
      for (const document of parsed.documents) {
        // The text of what is or may be a Secret is not kept.
        if (document.text === '') continue;
        const [again, ...more] = parseManifests(document.text).documents;
        expect(more).toEqual([]);
        expect(again?.vm).toEqual(document.vm);
        expect(again?.identity).toEqual(document.identity);
        const shift = document.startLine - 1;
        expect(
          again?.problems.map((problem) => ({ ...problem, line: problem.line + shift })),
        ).toEqual(document.problems);
      }
    },
  );
});
