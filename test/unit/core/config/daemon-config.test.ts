import { describe, expect, test } from 'vitest';
import {
  type ConfigInput,
  configFilePath,
  mergeConfig,
} from '../../../../src/core/config/daemon-config.ts';
import { formatConfigProblem } from '../../../../src/core/config/settings.ts';

const ROOT: ConfigInput = { flags: {}, env: {}, isRoot: true, cwd: '/here', home: '/root' };
const USER: ConfigInput = { ...ROOT, isRoot: false, home: '/home/eve' };

function config(input: Partial<ConfigInput>, text?: string) {
  const file = text === undefined ? undefined : { path: '/c.yaml', text };
  const result = mergeConfig({ ...ROOT, ...input }, file);
  if (!result.ok) throw new Error(result.problems.map(formatConfigProblem).join('\n'));
  return result.config;
}

function problems(input: Partial<ConfigInput>, text?: string): readonly string[] {
  const file = text === undefined ? undefined : { path: '/c.yaml', text };
  const result = mergeConfig({ ...ROOT, ...input }, file);
  return result.ok ? [] : result.problems.map(formatConfigProblem);
}

describe('the read-only socket', () => {
  test('is beside the other one', () => {
    expect(config({ flags: { socket: '/a/b' } }).readonlySocketPath).toBe('/a/solovirt-ro.sock');
  });

  test('can be elsewhere, or left out', () => {
    expect(config({ flags: { readonlySocket: 'x' } }).readonlySocketPath).toBe('/here/x');
    expect(config({}, 'readonlySocket: none').readonlySocketPath).toBeUndefined();
  });
});

describe('defaults', () => {
  test('of root are the system directories', () => {
    expect(config({})).toEqual({
      vmsDir: '/etc/solovirt/vms',
      imagesDir: '/var/lib/solovirt/images',
      diskRoots: [],
      registryAuth: '/etc/solovirt/registry-auth.json',
      stateDir: '/var/lib/solovirt',
      runtimeDir: '/run/solovirt',
      socketPath: '/run/solovirt/solovirt.sock',
      socketGroup: 'solovirt',
      readonlySocketPath: '/run/solovirt/solovirt-ro.sock',
      readonlySocketGroup: 'solovirt-ro',
      accel: 'auto',
      launcher: 'auto',
      qemuUser: 'auto',
      qemuUids: { first: 70_000, last: 79_999 },
      logLevel: 'info',
      strategyTable: 'default',
      backoff: {
        baseSeconds: 10,
        capSeconds: 300,
        unstableFailedSeconds: 600,
        unstableSucceededSeconds: 10,
      },
      consoleLogBytes: 1_048_576,
      qemuLogBytes: 1_048_576,
    });
  });

  test.for([
    [
      {},
      '/home/eve/.config/solovirt/vms',
      '/home/eve/.local/share/solovirt/images',
      '/home/eve/.local/state/solovirt',
      '/home/eve/.local/state/solovirt/run',
    ],
    [
      { XDG_CONFIG_HOME: '/c/', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' },
      '/c/solovirt/vms',
      '/d/solovirt/images',
      '/s/solovirt',
      '/r/solovirt',
    ],
    [
      { XDG_CONFIG_HOME: 'relative', XDG_RUNTIME_DIR: '' },
      '/home/eve/.config/solovirt/vms',
      '/home/eve/.local/share/solovirt/images',
      '/home/eve/.local/state/solovirt',
      '/home/eve/.local/state/solovirt/run',
    ],
  ] as const)('of a user follow XDG: %j', ([env, vms, images, state, runtime]) => {
    expect(config({ ...USER, env })).toMatchObject({
      vmsDir: vms,
      imagesDir: images,
      stateDir: state,
      runtimeDir: runtime,
      socketPath: `${runtime}/solovirt.sock`,
    });
  });
});

test('of a user whose home is the root are below it', () => {
  const { vmsDir, stateDir } = config({ ...USER, home: '/', env: {} });
  expect([vmsDir, stateDir]).toEqual(['/.config/solovirt/vms', '/.local/state/solovirt']);
});

test.for([
  [{ accel: 'kvm' }, { SOLOVIRT_ACCEL: 'tcg' }, 'accel: auto', 'kvm'],
  [{}, { SOLOVIRT_ACCEL: 'tcg' }, 'accel: kvm', 'tcg'],
  [{}, { SOLOVIRT_ACCEL: '' }, 'accel: kvm', 'kvm'],
  [{}, {}, '', 'auto'],
] as const)('flag, then environment, then file, then default: %j', ([flags, env, text, accel]) => {
  expect(config({ flags, env }, text).accel).toBe(accel);
});

test('every setting can come from the file', () => {
  const text = `
vms: /v
images: /i
diskRoots: [/srv/vms, data]
registryAuth: auth.json
state: /s
runtime: /r
socket: /k/s.sock
socketGroup: 1000
readonlySocket: /k/look.sock
readonlySocketGroup: see
accel: tcg
qemuUser: own
qemuUids: 5000-5999
qemu: qemu-kvm
logLevel: debug
strategyTable: kubevirt-v1
backoff:
  baseSeconds: 1
  capSeconds: 2
  unstableFailedSeconds: 3
  unstableSucceededSeconds: 0
consoleLogBytes: 4096
qemuLogBytes: 8192
`;
  expect(config({}, text)).toEqual({
    vmsDir: '/v',
    imagesDir: '/i',
    diskRoots: ['/srv/vms', '/here/data'],
    registryAuth: '/here/auth.json',
    stateDir: '/s',
    runtimeDir: '/r',
    socketPath: '/k/s.sock',
    socketGroup: '1000',
    readonlySocketPath: '/k/look.sock',
    readonlySocketGroup: 'see',
    accel: 'tcg',
    launcher: 'auto',
    qemuUser: 'own',
    qemuUids: { first: 5000, last: 5999 },
    qemu: 'qemu-kvm',
    logLevel: 'debug',
    strategyTable: 'kubevirt-v1',
    backoff: {
      baseSeconds: 1,
      capSeconds: 2,
      unstableFailedSeconds: 3,
      unstableSucceededSeconds: 0,
    },
    consoleLogBytes: 4096,
    qemuLogBytes: 8192,
  });
});

test('settings of several words and of groups have variables and flags', () => {
  const env = { SOLOVIRT_BACKOFF_BASE_SECONDS: '5', SOLOVIRT_LOG_LEVEL: 'warn' };
  const found = config({ env, flags: { backoffCapSeconds: '6', qemuLogBytes: '5000' } });
  expect(found).toMatchObject({
    logLevel: 'warn',
    qemuLogBytes: 5000,
    backoff: { baseSeconds: 5, capSeconds: 6 },
  });
});

test.for([
  ['vms', '/here/vms'],
  ['./a//b/../c/', '/here/a/c'],
  ['../../..', '/'],
  ['/x/./y', '/x/y'],
])('path %j is made absolute', ([path, absolute]) => {
  expect(config({ flags: { vms: path } }).vmsDir).toBe(absolute);
});

test.for([
  ['qemu-kvm', 'qemu-kvm'],
  ['./qemu', '/here/qemu'],
  ['/opt/qemu', '/opt/qemu'],
])('QEMU %j is a name or a path', ([given, qemu]) => {
  expect(config({ flags: { qemu: given } }).qemu).toBe(qemu);
});

describe('problems', () => {
  test.for<[Partial<ConfigInput>, string | undefined, readonly string[]]>([
    [
      { flags: { accel: 'kmv' } },
      undefined,
      ['--accel: accel must be one of auto, kvm, tcg; found "kmv"; did you mean "kvm"?'],
    ],
    [
      { env: { SOLOVIRT_LOG_LEVEL: 'debgu' } },
      undefined,
      [
        'SOLOVIRT_LOG_LEVEL: logLevel must be one of debug, info, warn, error, silent; found "debgu"; did you mean "debug"?',
      ],
    ],
    [{}, '\n  accel: 7\nvms: []\n', ['/c.yaml:3:1: not valid YAML: Unexpected scalar at node end']],
    [{}, 'vms: [a]', ['/c.yaml:1:6: vms must be a path, found a list or mapping']],
    [{}, 'vms:', ['/c.yaml:1:5: vms must be a path, found nothing']],
    [{ flags: { vms: '' } }, undefined, ['--vms: vms must be a path, found nothing']],
    [{}, 'loglevel: info', ['/c.yaml:1:1: loglevel is not a setting; did you mean "logLevel"?']],
    [{}, 'colour: red', ['/c.yaml:1:1: colour is not a setting']],
    [
      {},
      'backoff:\n  baseSecond: 3',
      ['/c.yaml:2:3: backoff.baseSecond is not a setting; did you mean "backoff.baseSeconds"?'],
    ],
    [{}, 'backoff: 3', ['/c.yaml:1:1: backoff must be a mapping']],
    [
      {},
      'backoff:\n  baseSeconds: 1.5',
      ['/c.yaml:2:16: backoff.baseSeconds must be a whole number from 1 to 86400, found 1.5'],
    ],
    [
      {},
      'backoff:\n  capSeconds: 5',
      [
        '/c.yaml:2:15: backoff.capSeconds the cap (5 s) is below baseSeconds (10 s); it must be at least that',
      ],
    ],
    [{}, '- a', ['/c.yaml:1:1: the configuration must be a mapping such as "accel: tcg"']],
    [{}, 'vms: /a\nvms: /b', ['/c.yaml:2:1: not valid YAML: Map keys must be unique']],
    [
      { env: { SOLOVIRT_LOGLEVEL: 'debug', SOLOVIRT_FROM_ELSEWHERE: 'x' } },
      undefined,
      ['SOLOVIRT_LOGLEVEL: is not a variable of solovirt; did you mean SOLOVIRT_LOG_LEVEL?'],
    ],
    [
      { flags: { accel: 'x' }, env: { SOLOVIRT_STRATEGY_TABLE: 'y' } },
      'consoleLogBytes: -1',
      [
        '--accel: accel must be one of auto, kvm, tcg; found "x"',
        'SOLOVIRT_STRATEGY_TABLE: strategyTable must be one of default, kubevirt-v1; found "y"',
        '/c.yaml:1:18: consoleLogBytes must be a whole number from 4096 to 1073741824, found -1',
      ],
    ],
  ])('%j with file %j', ([input, text, expected]) => {
    expect(problems(input, text)).toEqual(expected);
  });

  test('an alias bomb is one problem, at once', () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let n = 1; n < 30; n += 1) lines.push(`a${n}: &a${n} [*a${n - 1}, *a${n - 1}]`);
    expect(problems({}, `${lines.join('\n')}\nvms: *a29`)).toContain(
      '/c.yaml:31:6: vms must be a path, found a list or mapping',
    );
  });

  test.for([
    [64, 0],
    [65, 1],
  ] as const)('a runtime directory of %d bytes leaves %d problems', ([length, count]) => {
    const runtime = `/${'r'.repeat(length - 1)}`;
    const found = problems({ flags: { runtime, socket: '/s' } });
    expect(found).toHaveLength(count);
    for (const problem of found) {
      expect(problem).toMatch(/^--runtime: .* 65 bytes long, but at most 64 .* --runtime$/);
    }
  });

  test.for([
    [107, 0],
    [108, 1],
  ] as const)('a socket path of %d bytes leaves %d problems', ([length, count]) => {
    // Two bytes each, for it is bytes that count.
    const socket = `/${'ü'.repeat((length - 1) >> 1)}${'s'.repeat((length - 1) % 2)}`;
    const found = problems({ flags: { socket } });
    expect(found).toHaveLength(count);
    for (const problem of found) expect(problem).toMatch(/^--socket: .* 108 bytes .* 107 /);
  });

  test('a read-only socket that is the other one, or too long', () => {
    expect(problems({ flags: { socket: '/a/s', readonlySocket: '/a/s' } })).toEqual([
      '--readonly-socket: readonlySocket /a/s is the socket that everything can be done on; give another path, or none',
    ]);
    expect(problems({ flags: { readonlySocket: `/${'x'.repeat(107)}` } })).toEqual([
      expect.stringMatching(/108 bytes long.* give a shorter one with --readonly-socket, or none$/),
    ]);
  });

  test('a default that is too long is said to be the default', () => {
    const home = `/${'h'.repeat(90)}`;
    expect(problems({ isRoot: false, home })).toEqual([
      expect.stringMatching(/^default: runtime .*--runtime$/),
      expect.stringMatching(/^default: socket .*--socket$/),
    ]);
  });
});

test.for([
  [{ config: 'c.yaml' }, { SOLOVIRT_CONFIG: '/e.yaml' }, '/here/c.yaml', true],
  [{}, { SOLOVIRT_CONFIG: '/e.yaml' }, '/e.yaml', true],
  [{}, { SOLOVIRT_CONFIG: '' }, '/etc/solovirt/solovirt.yaml', false],
] as const)('the configuration file is chosen: %j', ([flags, env, path, required]) => {
  expect(configFilePath({ ...ROOT, flags, env })).toEqual({ path, required });
});

test.for([
  ['a list', {}, 'diskRoots: [/a, /b/../c]', ['/a', '/c']],
  ['one path', {}, 'diskRoots: /a', ['/a']],
  ['a variable', { SOLOVIRT_DISK_ROOTS: '/a:/b' }, '', ['/a', '/b']],
  ['everything', {}, 'diskRoots: /', ['/']],
] as const)('disk roots from %s', ([, env, text, roots]) => {
  expect(config({ env }, text).diskRoots).toEqual(roots);
});

test.for([
  [
    'diskRoots: 5',
    '/c.yaml:1:12: diskRoots must be a list of paths, or paths parted by ":", found 5',
  ],
  ['diskRoots: [{}]', '/c.yaml:1:12: diskRoots must be a path, found a list or mapping'],
  ['diskRoots: [/a, ""]', '/c.yaml:1:12: diskRoots must be a path, found nothing'],
  [
    'qemuUids: 5-2000',
    '/c.yaml:1:11: qemuUids must be FIRST-LAST with numbers from 1000 to 4294967293, found "5-2000"',
  ],
  [
    'qemuUids: 3000-2000',
    '/c.yaml:1:11: qemuUids must be FIRST-LAST with numbers from 1000 to 4294967293, found "3000-2000"',
  ],
  ['qemuUser: root', '/c.yaml:1:11: qemuUser must be one of auto, own, daemon; found "root"'],
] as const)('%s is refused', ([text, words]) => {
  expect(problems({}, text)).toEqual([words]);
});

test('guests cannot have users of their own when the daemon is not root', () => {
  expect(problems({ ...USER }, 'qemuUser: own')).toEqual([
    '/c.yaml:1:11: qemuUser own needs a daemon that runs as root; use auto or daemon',
  ]);
});
