import { describe, expect, test } from 'vitest';
import { mergeConfig } from '../../../../src/core/config/daemon-config.ts';
import { INHERITED_VARIABLES, readInherited } from '../../../../src/core/systemd/inherited.ts';

const NOTHING = { listenFds: [], readonlyFds: [], cannotNotify: false };

test.for([
  ['nothing', {}, NOTHING],
  ['empty variables', { LISTEN_PID: '', WATCHDOG_USEC: '', SOLOVIRT_NOTIFY_FD: '' }, NOTHING],
  [
    'the sockets to talk on',
    { NOTIFY_SOCKET: '/run/x', SOLOVIRT_NOTIFY_FD: '4', SOLOVIRT_JOURNAL_FD: '5' },
    { ...NOTHING, notifyFd: 4, journalFd: 5 },
  ],
  ['a manager without a socket to it', { NOTIFY_SOCKET: '@x' }, { ...NOTHING, cannotNotify: true }],
  ['sockets to serve', { LISTEN_PID: '7', LISTEN_FDS: '2' }, { ...NOTHING, listenFds: [3, 4] }],
  [
    'sockets of both kinds, told apart by their names',
    { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'solovirt.socket:readonly:api' },
    { ...NOTHING, listenFds: [3, 5], readonlyFds: [4] },
  ],
  [
    'a read-only socket alone',
    { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'readonly' },
    { ...NOTHING, readonlyFds: [3] },
  ],
  ['sockets for another process', { LISTEN_PID: '8', LISTEN_FDS: 'x' }, NOTHING],
  ['sockets for nobody', { LISTEN_FDS: '1' }, NOTHING],
  ['a watchdog', { WATCHDOG_USEC: '30000000' }, { ...NOTHING, watchdogUs: 30_000_000 }],
  [
    'a watchdog for this process',
    { WATCHDOG_USEC: '1', WATCHDOG_PID: '7' },
    { ...NOTHING, watchdogUs: 1 },
  ],
  ['a watchdog for another', { WATCHDOG_USEC: '1', WATCHDOG_PID: '8' }, NOTHING],
] as const)('%s', ([, env, inherited]) => {
  expect(readInherited(env, 7)).toEqual({ inherited, problems: [] });
});

test.for([
  ['SOLOVIRT_NOTIFY_FD', 'a', 'must be a whole number from 3 to 1048576, found "a"'],
  ['SOLOVIRT_BOOT_ID', 'x', 'must be 32 hexadecimal digits, found "x"'],
  ['SOLOVIRT_JOURNAL_FD', '2', 'must be a whole number from 3 to 1048576, found "2"'],
  ['LISTEN_FDS', '-1', 'must be a whole number from 0 to 64, found "-1"'],
  ['LISTEN_FDS', '1e1', 'must be a whole number from 0 to 64, found "1e1"'],
  ['WATCHDOG_USEC', '0', 'must be a whole number from 1 to 9007199254740991, found "0"'],
] as const)('%s=%s is a problem of its own', ([origin, text, message]) => {
  const { problems } = readInherited({ LISTEN_PID: '7', [origin]: text }, 7);
  expect(problems).toEqual([{ origin, setting: '', message }]);
});

describe('the variables', () => {
  test.for(INHERITED_VARIABLES)('%s is no misspelt setting', (name) => {
    const input = { flags: {}, env: { [name]: '3' }, isRoot: true, cwd: '/', home: '/root' };
    expect(mergeConfig(input, undefined)).toMatchObject({ ok: true });
  });
});
