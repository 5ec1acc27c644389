import { describe, expect, test } from 'vitest';
import { selectionOf } from '../../../src/api/selection.ts';

interface Thing {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

const web: Thing = {
  metadata: { name: 'web', namespace: 'prod', labels: { app: 'web', 'x.io/tier': '', size: '12' } },
};
const readers = {
  'metadata.name': ({ metadata }: Thing) => metadata.name,
  'metadata.namespace': ({ metadata }: Thing) => metadata.namespace,
};

function select(selectors: Readonly<Record<string, string>>, namespace?: string, thing = web) {
  return selectionOf(namespace, new URLSearchParams(selectors), readers)(thing);
}

describe('a field selector', () => {
  test.for<readonly [string, boolean]>([
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web', true],
    ['metadata.name!=web', false],
    ['metadata.name=my vm.yaml', false],
    ['metadata.name=web,metadata.namespace=prod', true],
    ['metadata.name=web,metadata.namespace=dev', false],
    ['metadata.name!=', true],
    [',metadata.name=web,', true],
  ])('%s: %s', ([fieldSelector, expected]) => {
    expect(select({ fieldSelector })).toBe(expected);
  });

  test('takes what a backslash precedes as it is', () => {
    const odd = { metadata: { name: 'a,b=c\\d', namespace: 'prod' } };
    const fieldSelector = 'metadata.name=a\\,b\\=c\\\\d';
    expect([select({ fieldSelector }, undefined, odd), select({ fieldSelector })]).toEqual([
      true,
      false,
    ]);
  });
});

describe('a label selector', () => {
  test.for<readonly [string, boolean]>([
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app!=web', false],
    ['none!=web', true],
    ['app', true],
    ['!app', false],
    ['! none', true],
    ['none', false],
    ['x.io/tier=', true],
    ['x.io/tier!=', false],
    ['app in (web, db)', true],
    ['app in (db)', false],
    ['app notin (web,db)', false],
    ['none notin (web)', true],
    ['none in (web)', false],
    ['x.io/tier in (,a)', true],
    ['app in (a,web),size>11,size<13', true],
    ['size>12', false],
    ['app>1', false],
    ['none<1', false],
  ])('%s: %s', ([labelSelector, expected]) => {
    expect(select({ labelSelector })).toBe(expected);
  });

  test('is not fooled by names that every object has', () => {
    expect(select({ labelSelector: 'constructor' })).toBe(false);
  });
});

test('a selection keeps to its namespace', () => {
  expect([select({}, 'prod'), select({}, 'dev')]).toEqual([true, false]);
});

test.for([
  [{ fieldSelector: 'spec.running=true' }, 'not supported'],
  [{ fieldSelector: 'constructor=1' }, 'not supported'],
  [{ fieldSelector: 'metadata.name=a=b' }, 'not understood'],
  [{ fieldSelector: 'metadata.name' }, 'not understood'],
  [{ fieldSelector: 'metadata.name=a\\' }, 'not understood'],
  [{ labelSelector: 'app in (a' }, 'not understood'],
  [{ labelSelector: 'app in a' }, 'not understood'],
  [{ labelSelector: '!app=a' }, 'not understood'],
  [{ labelSelector: 'app=a b' }, 'not understood'],
  [{ labelSelector: '=a' }, 'not understood'],
] as const)(
  'a selector that is not understood is refused, not ignored: %j',
  ([selector, words]) => {
    expect(() => select(selector)).toThrow(words);
  },
);
