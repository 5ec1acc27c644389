import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { setRunStrategy } from '../../../../src/core/manifest/edit-strategy.ts';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import { RUN_STRATEGIES, type RunStrategy } from '../../../../src/core/model/virtual-machine.ts';

const REST = 'template: { spec: { domain: { devices: {} } } }';

function document(spec: string, name = 'vm'): string {
  return `apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: { name: ${name} }\n${spec}\n`;
}

describe('setting the run strategy', () => {
  test('changes only the characters of the value', () => {
    const strategy = fc.constantFrom(...RUN_STRATEGIES);
    const comment = fc.constantFrom('', ' # runStrategy: Always', '   #Halted');
    const shape = fc.constantFrom(
      (value: string, note: string) => `spec:\n  runStrategy: ${value}${note}\n  ${REST}`,
      (value: string, note: string) => `spec:${note}\n  ${REST}\n  "runStrategy":   ${value}`,
      (value: string, note: string) => `spec: { runStrategy: ${value}, ${REST} }${note}`,
      (value: string, note: string) => `spec: {${REST}, runStrategy: !!str ${value}}${note}`,
      (value: string, note: string) =>
        `spec: ${note}\n    runStrategy:${note}\n      ${value}\n    ${REST}`,
    );
    const quote = fc.constantFrom('', "'", '"');
    const before = fc.constantFrom(
      '',
      '# head\n',
      '---\n',
      `${document(`spec: { runStrategy: Once, ${REST} }`, 'first')}---\n`,
      '---\n---\n',
    );
    const after = fc.constantFrom(
      '',
      '# tail',
      '...\n',
      `---\n${document(`spec: { running: false, ${REST} }`, 'last')}`,
    );
    const ending = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(
        fc.record({
          from: strategy,
          to: strategy,
          comment,
          shape,
          quote,
          before,
          after,
          ending,
          mark: fc.constantFrom('', '\uFEFF'),
        }),
        ({
          from,
          to,
          comment: note,
          shape: build,
          quote: q,
          before: head,
          after: tail,
          ending: eol,
          mark,
        }) => {
          const write = (value: RunStrategy) =>
            `${mark}${head}${document(build(`${q}${value}${q}`, note))}${tail}`.replaceAll(
              '\n',
              eol,
            );
          const index = parseManifests(write(from)).documents.find(
            (one) => one.identity?.name === 'vm',
          )?.index;
          expect(index).toBeDefined();
          expect(setRunStrategy(write(from), index ?? -1, to)).toEqual({
            ok: true,
            text: write(to),
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test.for([
    ['true', 'Halted', 'false'],
    ['false', 'Always', 'true'],
    ['True', 'Halted', 'false'],
    ['true', 'Always', 'true'],
  ] as const)('turns running: %s into what %s means', ([from, strategy, to]) => {
    const text = (value: string) => document(`spec:\n  running: ${value} # why\n  ${REST}`);
    expect(setRunStrategy(text(from), 0, strategy)).toEqual({ ok: true, text: text(to) });
  });

  test.for([
    ['a strategy that running cannot say', `spec: { running: true, ${REST} }`, 'cannot say Manual'],
    ['an alias', `x: &x Always\nspec: { runStrategy: *x, ${REST} }`, 'problems'],
    [
      'an alias as value',
      `metadata: { name: vm, labels: { s: &s Always } }\nspec: { runStrategy: *s, ${REST} }`,
      'alias',
    ],
    ['an anchored value', `spec: { runStrategy: &s Always, ${REST} }`, 'anchor &s'],
    ['an anchored spec', `spec: &s { runStrategy: Always, ${REST} }`, 'anchor &s'],
    [
      'a merged value',
      `metadata: { name: vm, labels: &l { runStrategy: Always } }\nspec: { <<: *l, ${REST} }`,
      'merged',
    ],
    ['a block of text', `spec:\n  runStrategy: |-\n    Always\n  ${REST}`, 'block'],
    ['a document with problems', `spec: { runStrategy: Always, foo: 1, ${REST} }`, 'problems'],
    ['a broken document', 'spec: {', 'problems'],
  ] as const)('is refused for %s', ([, spec, reason]) => {
    const text = document(spec).replace(/metadata: \{ name: vm \}\n(?=metadata)/, '');
    const result = setRunStrategy(text, 0, 'Manual');
    expect(result).toMatchObject({ ok: false });
    expect('message' in result && result.message).toContain(reason);
  });

  test.for([-1, 1, 7])('is refused for document %d of one', (index) => {
    const text = document(`spec: { runStrategy: Always, ${REST} }`);
    expect(setRunStrategy(text, index, 'Manual')).toMatchObject({ ok: false });
  });

  test('is refused for a file that is refused', () => {
    expect(setRunStrategy('['.repeat(200), 0, 'Manual')).toMatchObject({ ok: false });
  });
});
