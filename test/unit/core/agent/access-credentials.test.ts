/** What Secrets mean as credentials. */
import { expect, test } from 'vitest';
import {
  agentOrders,
  publicKeysOf,
  withoutValues,
} from '../../../../src/core/agent/access-credentials.ts';
import type { AccessCredential } from '../../../../src/core/model/virtual-machine.ts';

type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

function valuesOf(secrets: Secrets) {
  return (name: string) => {
    const values = secrets[name];
    return values && new Map(Object.entries(values).map(([k, v]) => [k, Buffer.from(v)]));
  };
}

const KEYS = { a: 'ssh-ed25519 AAA me\n\n# old\r\nssh-rsa BBB', b: ' ecdsa CCC\n' };

test('each line of each value is a key', () => {
  expect(publicKeysOf('keys', valuesOf({ keys: KEYS }))).toEqual([
    'ssh-ed25519 AAA me',
    'ssh-rsa BBB',
    'ecdsa CCC',
  ]);
});

test.for([
  ['no file declares the Secret keys', {}],
  ['the Secret keys has no SSH key', { keys: { a: '\n# none\n' } }],
  ['the Secret keys has a private key under id', { keys: { id: '-BEGIN PRIVATE KEY-\nhunter2' } }],
] as const)('%s', ([message, secrets]) => {
  const read = () => publicKeysOf('keys', valuesOf(secrets));
  expect(read).toThrow(message);
  expect(read).not.toThrow('hunter2');
});

test('a user has the keys of all credentials that name him, each once, and no others', () => {
  const credentials: readonly AccessCredential[] = [
    { kind: 'seed-keys', secret: 'absent', format: 'NoCloud' },
    { kind: 'agent-keys', secret: 'one', users: ['me', 'you'] },
    { kind: 'agent-keys', secret: 'two', users: ['me'] },
  ];
  const secrets = { one: { k: 'ssh-rsa A\nssh-rsa B' }, two: { k: 'ssh-rsa B\nssh-rsa C' } };
  const orders = agentOrders(credentials, valuesOf(secrets));
  expect(orders.map(({ args }) => args)).toEqual([
    { username: 'me', keys: ['ssh-rsa A', 'ssh-rsa B', 'ssh-rsa C'], reset: true },
    { username: 'you', keys: ['ssh-rsa A', 'ssh-rsa B'], reset: true },
  ]);
});

test('passwords go without the line end that an editor leaves, and as UTF-8', () => {
  const credential: AccessCredential = { kind: 'agent-passwords', secret: 'pw' };
  const orders = agentOrders([credential], valuesOf({ pw: { me: 'grüße 1\n', nobody: '\n' } }));
  expect(orders).toEqual([
    {
      command: 'guest-set-user-password',
      args: { username: 'me', password: Buffer.from('grüße 1').toString('base64'), crypted: false },
      what: 'the password of me',
      values: ['grüße 1', Buffer.from('grüße 1').toString('base64')],
    },
  ]);
});

test('no value is in what an agent is quoted with', () => {
  const [order] = agentOrders(
    [{ kind: 'agent-passwords', secret: 'pw' }],
    valuesOf({ pw: { me: 'grüße' } }),
  );
  if (order === undefined) throw new Error('unreachable');
  const words = `chpasswd: me:grüße (${Buffer.from('grüße').toString('base64')}) is weak`;
  expect(withoutValues(words, order)).toBe('chpasswd: me:(not shown) ((not shown)) is weak');
});
