import { describe, expect, test } from 'vitest';
import { forwarded, type Rules, rejection } from '../../../src/proxy/guard.ts';

const TOKEN = 'a-token-that-nobody-guesses';
const RULES: Rules = { token: TOKEN, hosts: ['192.0.2.7'], onlyPath: undefined };
const HOST = { host: '127.0.0.1:8001' };
const BEARER = { authorization: `Bearer ${TOKEN}` };
const offered = (token: string): string =>
  `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;

const code = (headers: Readonly<Record<string, string>>, rules = RULES, url = '/apis') =>
  rejection({ url, headers }, rules)?.code;

describe('the token', () => {
  test.for([
    ['as a header', BEARER],
    ['as a header, spelt otherwise', { authorization: `bearer   ${TOKEN}` }],
    ['as a protocol of a WebSocket', { 'sec-websocket-protocol': offered(TOKEN) }],
    [
      'as one of several protocols',
      { 'sec-websocket-protocol': `v5.channel.k8s.io, ${offered(TOKEN)},plain.kubevirt.io` },
    ],
  ] as const)('%s lets through', ([, headers]) => {
    expect(code({ ...HOST, ...headers })).toBeUndefined();
  });

  test.for([
    ['no token', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['one that begins so', { authorization: `Bearer ${TOKEN}x` }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['a wrong protocol', { 'sec-websocket-protocol': offered('wrong') }],
    ['a protocol that is the token itself', { 'sec-websocket-protocol': TOKEN }],
    ['the token in the path only', { cookie: TOKEN }],
  ] as const)('%s does not', ([, headers]) => {
    expect(
      rejection({ url: `/apis?token=${TOKEN}`, headers: { ...HOST, ...headers } }, RULES),
    ).toEqual({
      code: 401,
      reason: 'Unauthorized',
      message: 'the token of this proxy is needed: Authorization: Bearer TOKEN',
    });
  });

  test('is not asked for where there is none', () => {
    expect(code(HOST, { ...RULES, token: undefined })).toBeUndefined();
  });
});

describe('the name that the proxy is called by', () => {
  test.for(['localhost', 'LOCALHOST:9', '127.0.0.1', '127.0.0.1:1', '[::1]:8001', '192.0.2.7:80'])(
    '%s is one of its own',
    (host) => {
      expect(code({ host, ...BEARER })).toBeUndefined();
    },
  );

  test.for([
    'evil.example',
    'evil.example:8001',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
  ])('%j is none, with the token or without', (host) => {
    expect(code({ host, ...BEARER })).toBe(403);
    expect(code({ host }, { ...RULES, token: undefined })).toBe(403);
  });
});

describe('a browser', () => {
  const page = { host: 'localhost:8001', ...BEARER };

  test.for([
    ['on a page of the proxy itself', { origin: 'http://localhost:8001' }, undefined],
    ['told to by its user', { 'sec-fetch-site': 'none' }, undefined],
    ['on a page of another site', { origin: 'https://evil.example' }, 403],
    ['on a page of another port', { origin: 'http://localhost:3000' }, 403],
    ['in a sandbox', { origin: 'null' }, 403],
    ['that loads a picture for another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['that does so for a sibling', { 'sec-fetch-site': 'same-site' }, 403],
  ] as const)('%s', ([, headers, expected]) => {
    expect(code({ ...page, ...headers })).toBe(expected);
  });
});

describe('one path only', () => {
  const rules = { ...RULES, onlyPath: '/metrics' };

  test.for(['/metrics', '/metrics?x=1'])('%s passes', (url) => {
    expect(code({ ...HOST, ...BEARER }, rules, url)).toBeUndefined();
  });

  test.for(['/', '/metricsx', '/metrics/../apis', '//metrics', '/apis?/metrics'])(
    '%s does not',
    (url) => {
      expect(code({ ...HOST, ...BEARER }, rules, url)).toBe(403);
    },
  );
});

test.for(['http://evil.example/', '*', '', 'example:443'])('a target %j is no path', (url) => {
  expect(code({ ...HOST, ...BEARER }, RULES, url)).toBe(400);
});

test('the token and what belongs to one connection are not passed on', () => {
  expect(
    forwarded({
      ...HOST,
      ...BEARER,
      connection: 'keep-alive, Upgrade',
      upgrade: 'websocket',
      'transfer-encoding': 'chunked',
      expect: '100-continue',
      accept: 'a, b',
      'sec-websocket-protocol': `${offered(TOKEN)}, plain.kubevirt.io`,
    }),
  ).toEqual({ ...HOST, accept: 'a, b', 'sec-websocket-protocol': 'plain.kubevirt.io' });
  expect(forwarded({ 'sec-websocket-protocol': offered(TOKEN) })).toEqual({});
  expect(forwarded({ 'sec-websocket-protocol': 'a,b' })).toEqual({
    'sec-websocket-protocol': 'a,b',
  });
});
