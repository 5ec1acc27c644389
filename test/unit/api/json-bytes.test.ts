import { describe, expect, test } from 'vitest';
import { jsonBytes, jsonText, writtenOnce } from '../../../src/api/json-bytes.ts';

const vm = (name: string) => writtenOnce({ kind: 'Thing', metadata: { name }, words: 'é€"\n' });
const list = (items: readonly object[]) => ({ kind: 'ThingList', metadata: { n: 1 }, items });

describe('bytes', () => {
  test.for<[string, object]>([
    ['any object', { a: 1, b: 'é€' }],
    ['one that is written once', vm('a')],
    ['a list of such', list([vm('a'), vm('b'), vm('c')])],
    ['a list of others', list([{ a: 1 }, vm('a')])],
    ['an empty list', list([])],
    ['a list with something after its items', { ...list([vm('a')]), more: { items: [] } }],
    ['items that are no list', { items: vm('a') }],
    ['one that is very long', writtenOnce({ words: 'é'.repeat(100_000) })],
  ])('of %s are its JSON, each time', ([, body]) => {
    for (let time = 0; time < 2; time += 1)
      expect(jsonBytes(body).toString()).toBe(`${JSON.stringify(body)}\n`);
  });

  test('are made once for each object, and anew for another object of it', () => {
    let reads = 0;
    const counted = writtenOnce({
      toJSON: () => {
        reads += 1;
        return { kind: 'Thing' };
      },
    });
    jsonBytes(counted);
    jsonBytes(list([counted, counted]));
    expect([reads, jsonText(counted)]).toEqual([1, '{"kind":"Thing"}']);
    const shown = vm('a');
    jsonBytes(shown);
    expect(jsonText({ ...shown, words: 'hidden' })).toContain('hidden');
  });
});
