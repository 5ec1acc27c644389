import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';

function parse(annotations: Readonly<Record<string, string>>, place: 'vm' | 'template' = 'vm') {
  const lines = Object.entries(annotations).map(
    ([name, value]) => `solovirt.io/${name}: ${JSON.stringify(value)}`,
  );
  const own = place === 'vm' ? `\n  annotations:\n    ${lines.join('\n    ')}` : '';
  const ofTemplate =
    place === 'template'
      ? `    metadata:\n      annotations:\n        ${lines.join('\n        ')}\n`
      : '';
  const text = `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
  namespace: prod${own}
spec:
  runStrategy: Always
  template:
${ofTemplate}    spec: {domain: {devices: {}}}
`;
  const [document] = parseManifests(text).documents;
  if (document === undefined) throw new Error('no document');
  return document;
}

const startOrder = (annotations: Readonly<Record<string, string>>) =>
  parse(annotations).vm?.startOrder;
const problems = (annotations: Readonly<Record<string, string>>) =>
  parse(annotations).problems.map(({ code, line, column, message }) => [
    code,
    `${line}:${column}`,
    message,
  ]);

describe('start-after', () => {
  test.for([
    ['db', ['prod/db']],
    ['db, cache', ['prod/db', 'prod/cache']],
    ['db cache,other/nfs', ['prod/db', 'prod/cache', 'other/nfs']],
    [' db ,, db ', ['prod/db']],
    ['web', ['prod/web']],
    ['', []],
  ] as const)('%j names %j', ([value, expected]) => {
    const named = startOrder({ 'start-after': value })?.after;
    expect(named?.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(expected);
  });

  test('counts on the template, too', () => {
    const { vm, startAfterAt } = parse({ 'start-after': 'db' }, 'template');
    expect(vm?.startOrder.after).toEqual([{ namespace: 'prod', name: 'db' }]);
    expect(startAfterAt).toMatchObject({ line: 11, column: 34 });
  });

  test('keeps its place, for faults that only other files show', () => {
    expect(parse({ 'start-after': 'db' }).startAfterAt).toEqual({
      path: 'metadata.annotations[solovirt.io/start-after]',
      line: 7,
      column: 30,
    });
    expect(parse({ 'start-after': '' })).not.toHaveProperty('startAfterAt');
    expect(parse({})).not.toHaveProperty('startAfterAt');
  });

  test.for([
    ['Db', '"Db" is not a valid name: a name has at most 63 lower-case letters'],
    ['a/b/c', '"a/b/c": expected NAME or NAMESPACE/NAME'],
    ['/db', '"" is not a valid name'],
    ['prod/', '"" is not a valid name'],
  ] as const)('%j is refused', ([value, message]) => {
    expect(problems({ 'start-after': value })).toEqual([
      ['invalid-value', '7:30', expect.stringContaining(message)],
    ]);
  });

  test('names at most 256 VMs', () => {
    const names = Array.from({ length: 257 }, (_, n) => `vm${n}`).join(',');
    expect(problems({ 'start-after': names })).toEqual([
      ['out-of-range', '7:30', '257 names, at most 256 VMs can be named'],
    ]);
  });
});

describe('start-delay', () => {
  test.for([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['90', 90_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['0', 0],
    ['24h', 86_400_000],
  ] as const)('%s is %d ms', ([value, ms]) => {
    expect(startOrder({ 'start-delay': value })).toEqual({ after: [], delayMs: ms });
  });

  test.for([
    ['soon', 'invalid-value', '"soon" is not a duration, expected one such as 30s, 1m30s or 90'],
    ['-5s', 'invalid-value', '"-5s" is not a duration'],
    ['', 'invalid-value', '"" is not a duration'],
    ['25h', 'out-of-range', '"25h" is out of range, expected 0 to 86400 s (24h)'],
  ] as const)('%j is refused', ([value, code, message]) => {
    expect(problems({ 'start-delay': value })).toEqual([
      [code, '7:30', expect.stringContaining(message)],
    ]);
  });
});

test('a VM without either is started at once', () => {
  expect(startOrder({})).toEqual({ after: [], delayMs: 0 });
});
