import { expect, test } from 'vitest';
import { UsageError } from '../../../src/cli/errors.ts';
import { displayName, parseVmName } from '../../../src/cli/names.ts';
import { spellOutWait } from '../../../src/cli/options.ts';
import { suggest } from '../../../src/cli/unknown-vm.ts';
import { gracePeriodOf } from '../../../src/cli/verbs/stop.ts';
import { socketPath } from '../../../src/client/socket-path.ts';

test.for([
  ['demo', 'demo', 'default'],
  ['prod/web', 'web', 'prod'],
  ['a.b-c', 'a.b-c', 'default'],
  ["it's a, vm.yaml", "it's a, vm.yaml", 'default'],
] as const)('%s names VM %s in %s', ([text, name, namespace]) => {
  expect(parseVmName(text, 'default')).toEqual({ namespace, name });
});

test.for([
  '',
  '/',
  'a/',
  '/b',
  'a/b/c',
  '..',
  'a b',
  '../../x',
  '-n',
  'x?y=1',
  'a%2fb',
  '../x.yaml',
  '.x.yaml',
  '-n.yaml',
])('%j cannot name a VM', (text) => {
  expect(() => parseVmName(text, 'default')).toThrow(UsageError);
});

test('the namespace is shown only where it is needed', () => {
  expect(displayName({ namespace: 'default', name: 'demo' })).toBe('demo');
  expect(displayName({ namespace: 'prod', name: 'demo' })).toBe('prod/demo');
});

test('a name that a shell would take apart is quoted', () => {
  const name = "it's a vm.yaml";
  expect(displayName({ namespace: 'default', name })).toBe("'it'\\''s a vm.yaml'");
});

test.for([
  [
    ['stop', '--wait', 'demo'],
    ['stop', '--wait=5m', 'demo'],
  ],
  [
    ['stop', 'demo', '--wait'],
    ['stop', 'demo', '--wait=5m'],
  ],
  [
    ['stop', 'demo', '--wait=30s'],
    ['stop', 'demo', '--wait=30s'],
  ],
  [
    ['stop', '--', '--wait'],
    ['stop', '--', '--wait'],
  ],
] as const)('%j means %j', ([given, meant]) => {
  expect(spellOutWait(given)).toEqual(meant);
});

test('a duration after a blank is not taken for a VM', () => {
  expect(() => spellOutWait(['stop', 'demo', '--wait', '30s'])).toThrow(/--wait 30s is ambiguous/);
});

test.for([
  [{}, undefined],
  [{ force: true }, 0],
  [{ gracePeriod: 5 }, 5],
  [{ force: true, gracePeriod: 5 }, 5],
] as const)('the flags %j ask for a grace period of %s', ([flags, seconds]) => {
  expect(gracePeriodOf(flags)).toBe(seconds);
});

const USER = { env: {}, isRoot: false, home: '/home/u' };

test.for([
  ['the option', { ...USER, env: { SOLOVIRT_SOCKET: '/env.sock' } }, '/o.sock', '/o.sock'],
  ['the environment', { ...USER, env: { SOLOVIRT_SOCKET: '/env.sock' } }, undefined, '/env.sock'],
  ['root', { ...USER, isRoot: true }, undefined, '/run/solovirt/solovirt.sock'],
  [
    'a user in a session',
    { ...USER, env: { SOLOVIRT_SOCKET: '', XDG_RUNTIME_DIR: '/run/user/7' } },
    undefined,
    '/run/user/7/solovirt/solovirt.sock',
  ],
] as const)('the socket is named by %s', ([, context, option, path]) => {
  expect(socketPath(context, option)).toBe(path);
});

test('a socket path that no address can hold is refused with both lengths', () => {
  expect(() => socketPath(USER, `/${'x'.repeat(107)}`)).toThrow(/has 108 bytes, more than the 107/);
});

const KNOWN = [
  { namespace: 'default', name: 'demo' },
  { namespace: 'default', name: 'web-1' },
  { namespace: 'prod', name: 'mail' },
];

test.for([
  ['demmo', 'demo'],
  ['Demo', 'demo'],
  ['web-2', 'web-1'],
  ['mail', 'mail'],
  ['mial', undefined],
  ['something-else', undefined],
] as const)('for the unknown VM %s the suggestion is %s', async ([name, suggestion]) => {
  expect((await suggest({ namespace: 'default', name }, KNOWN))?.name).toBe(suggestion);
});
