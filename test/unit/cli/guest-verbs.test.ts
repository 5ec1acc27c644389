import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPair } from '../../../src/cli/verbs/port-forward.ts';
import { sshArgs } from '../../../src/cli/verbs/ssh.ts';

test.each([
  ['80', { local: 80, remote: 80 }],
  ['8080:80', { local: 8080, remote: 80 }],
  ['0:80', { local: 0, remote: 80 }],
  ['tcp/8080:80', { local: 8080, remote: 80 }],
])('the ports of %s', (text, pair) => {
  expect(readPair(text)).toEqual(pair);
});

test.each(['', '0', '80:0', '80:', ':80', '70000', '80:70000', 'http', 'sctp/80', '1:2:3', '-1'])(
  '%j names no ports',
  (text) => {
    expect(() => readPair(text)).toThrow('names no ports');
  },
);

test('UDP is refused by name', () => {
  expect(() => readPair('udp/53')).toThrow('UDP ports are not forwarded');
});

const TARGET = {
  socketPath: '/run/solovirt/solovirt.sock',
  vm: { namespace: 'prod', name: 'web' },
  ends: { self: ['/usr/bin/node', '/usr/lib/solovirt/client.cjs'] },
};

test('ssh is led through the daemon, with a name for the host key that is the VM’s own', () => {
  const flags = { user: 'root', identity: '/id', port: 2222 };
  expect(sshArgs(TARGET, ['-v', 'uptime'], flags)).toEqual([
    '-o',
    'ProxyCommand=/usr/bin/node /usr/lib/solovirt/client.cjs port-forward --socket /run/solovirt/solovirt.sock --stdio prod/web 2222',
    '-o',
    'HostKeyAlias=vm.web.prod',
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-i',
    '/id',
    '-l',
    'root',
    'vm.web.prod',
    '-v',
    'uptime',
  ]);
});

test('whatever a path holds, the shell and ssh take it as one word', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (socketPath) => {
      const [, option = ''] = sshArgs({ ...TARGET, socketPath }, [], { port: 22 });
      const command = option.replace('ProxyCommand=', '').replaceAll('%%', '%');
      expect(wordsOf(command)[4]).toBe(socketPath);
    }),
  );
});

/** As POSIX has it (XCU 2.2), for words that are plain or in single quotes. */
function wordsOf(command: string): readonly string[] {
  const words = command.match(/(?:'[^']*'|\\'|[^\s'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|\\(')/g,
      (_, quoted: string | undefined, escaped: string | undefined) => escaped ?? quoted ?? '',
    ),
  );
}
