import { describe, expect, test } from 'vitest';
import { json } from '../../../src/api/reply.ts';
import type { Route } from '../../../src/api/route.ts';
import { match } from '../../../src/api/router.ts';

const VM = '/apis/kubevirt.io/v1/namespaces/:namespace/virtualmachines/:name';
const START = '/apis/subresources.kubevirt.io/v1/namespaces/:namespace/virtualmachines/:name/start';
const rows: readonly Route[] = [
  { method: 'GET', path: VM, handle: () => json({}) },
  { method: 'PUT', path: START, handle: () => json({}) },
];

const base = '/apis/kubevirt.io/v1/namespaces/prod/virtualmachines';

describe('a path', () => {
  test.for<readonly [string, string, object]>([
    ['GET', `${base}/web`, { kind: 'route', params: { namespace: 'prod', name: 'web' } }],
    ['GET', `${base}/web/`, { kind: 'route', params: { name: 'web' } }],
    ['GET', `${base}/w%65b`, { kind: 'route', params: { name: 'web' } }],
    ['GET', `${base}/a%2Fb`, { kind: 'route', params: { name: 'a/b' } }],
    ['GET', base.replace('v1', 'v1alpha3').concat('/web'), { kind: 'route' }],
    ['DELETE', `${base}/web`, { kind: 'wrong-method', allowed: ['GET'] }],
    ['GET', base, { kind: 'unknown-path' }],
    ['GET', `${base}//`, { kind: 'unknown-path' }],
    ['GET', `${base}/%zz`, { kind: 'unknown-path' }],
    ['GET', '/', { kind: 'unknown-path' }],
    [
      'PUT',
      '/apis/subresources.kubevirt.io/v1alpha3/namespaces/prod/virtualmachines/web/start',
      { kind: 'route' },
    ],
  ])('%s %s', ([method, path, expected]) => {
    expect(match(rows, method, path)).toMatchObject(expected);
  });
});
