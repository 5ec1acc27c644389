/** `solovirt top` against canned statistics: one look, and the live screen. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VmStatsObject } from '../../src/api/contract-stats.ts';
import type { Screen } from '../../src/cli/screen.ts';
import { answers, runCli, startCli, startDaemon, type TestDaemon } from './cli-harness.ts';

const STATS = 'GET /apis/solovirt.io/v1/namespaces/default/stats';
const ALL_STATS = 'GET /apis/solovirt.io/v1/stats';

let daemon: TestDaemon;
let looks: number;
beforeEach(async () => {
  daemon = await startDaemon();
  looks = 0;
  for (const route of [STATS, ALL_STATS]) daemon.on(route, answers(list));
});
afterEach(() => daemon[Symbol.asyncDispose]());

/** Two seconds pass between two looks. */
function list(): object {
  looks += 1;
  return {
    apiVersion: 'solovirt.io/v1',
    kind: 'VirtualMachineStatsList',
    items: [vm('quiet', 0.01), vm('busy', 1.25), { ...vm('down', 0), instance: undefined }],
  };
}

function vm(name: string, load: number): VmStatsObject {
  const seconds = looks * 2;
  const rest = { flushOperations: 0, readSeconds: 0, writeSeconds: 0, flushSeconds: 0 };
  return {
    apiVersion: 'solovirt.io/v1',
    kind: 'VirtualMachineStats',
    metadata: { name, namespace: 'default' },
    timestamp: new Date(seconds * 1000).toISOString(),
    instance: { uid: name },
    cpu: { count: 2, usageSeconds: seconds * load },
    memory: { guestBytes: 1024 ** 3, residentBytes: name === 'quiet' ? 5e8 : 3e8 },
    disks: [
      {
        name: 'root',
        readBytes: seconds * 2048,
        writeBytes: 0,
        readOperations: seconds * 3,
        writeOperations: 0,
        ...rest,
      },
    ],
    ...(name === 'busy' ? { interfaces: [traffic(seconds)] } : {}),
  };
}

function traffic(seconds: number) {
  return {
    name: 'default',
    receiveBytes: seconds * 1024,
    receivePackets: 0,
    receiveErrors: 0,
    receiveDropped: 0,
    transmitBytes: seconds * 10,
    transmitPackets: 0,
    transmitErrors: 0,
    transmitDropped: 0,
  };
}

test('one look for a pipe: sorted, with rates, and what is down only counted', async () => {
  const ran = await runCli(['top'], { socket: daemon.socket });
  expect(ran).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'NAME    CPU    VCPUS   MEMORY    GUEST     READ        WRITE   IOPS   RECEIVED    SENT',
      'busy    125%   2       286 MiB   1.0 GiB   2.0 KiB/s   0 B/s   3.0    1.0 KiB/s   10 B/s',
      'quiet   1.0%   2       477 MiB   1.0 GiB   2.0 KiB/s   0 B/s   3.0    -           -',
      '1 VM is down',
      '',
    ].join('\n'),
  });
});

test('by memory, and by name', async () => {
  const order = async (...args: readonly string[]) =>
    (await runCli(['top', ...args], { socket: daemon.socket })).stdout
      .split('\n')
      .slice(1, 3)
      .map((line) => line.split(' ')[0]);
  expect(await order('--sort', 'memory')).toEqual(['quiet', 'busy']);
  expect(await order('--sort', 'name')).toEqual(['busy', 'quiet']);
});

test('of named VMs those that are down have a line too; an unknown one is an error', async () => {
  const named = await runCli(['top', 'down', 'quiet'], { socket: daemon.socket });
  expect(named.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'NAME',
    'quiet',
    'down',
    '',
  ]);
  expect(await runCli(['top', 'bsuy'], { socket: daemon.socket })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: there is no VM bsuy in namespace default\nDid you mean busy?\n',
  });
});

test('-o json: numbers for programs', async () => {
  const { stdout } = await runCli(['top', '-o', 'json', 'busy'], { socket: daemon.socket });
  expect(JSON.parse(stdout)).toMatchObject({
    kind: 'VirtualMachineUsageList',
    items: [{ metadata: { name: 'busy' }, cpu: { count: 2, used: 1.25 } }],
  });
});

/** A terminal of a test, with what can be typed at it. */
function fakeScreen(rows = 24) {
  const keys = new Set<(key: string) => void>();
  const resizes = new Set<() => void>();
  let height = rows;
  const screen: Screen = {
    rows: () => height,
    onResize: (listener) => {
      resizes.add(listener);
      return () => resizes.delete(listener);
    },
    onKey: (listener) => {
      keys.add(listener);
      return () => keys.delete(listener);
    },
  };
  return {
    screen,
    type: (key: string) => {
      for (const listener of keys) listener(key);
    },
    resize: (to: number) => {
      height = to;
      for (const listener of resizes) listener();
    },
    listeners: () => keys.size + resizes.size,
  };
}

const LEAVE = '\u001b[?25h\u001b[?1049l';

test('live: drawn again with new rates, sorted by a key, ended by q, and the screen is given back', async () => {
  const fake = fakeScreen();
  const run = startCli(['top'], { socket: daemon.socket, isTTY: true, screen: fake.screen });
  await run.printed('sorted by cpu');
  await run.printed('125%');
  fake.type('m');
  await run.printed('sorted by memory');
  fake.type('q');
  expect(await run.code).toBe(0);
  expect(run.stdout().startsWith('\u001b[?1049h\u001b[?25l')).toBe(true);
  expect(run.stdout().endsWith(LEAVE)).toBe(true);
  expect(fake.listeners()).toBe(0);
});

test('live: a small terminal gets as many lines as it has', async () => {
  const fake = fakeScreen(3);
  const run = startCli(['top'], { socket: daemon.socket, isTTY: true, screen: fake.screen });
  await run.printed('sorted by cpu');
  expect(run.stdout()).not.toContain('1 VM is down');
  fake.resize(10);
  await run.printed('1 VM is down');
  fake.type('\u0003');
  expect(await run.code).toBe(0);
});

test('live: a daemon that goes away is told of, and the display goes on', async () => {
  const fake = fakeScreen();
  const run = startCli(['top'], { socket: daemon.socket, isTTY: true, screen: fake.screen });
  await run.printed('sorted by cpu');
  daemon.on(STATS, (response) => response.destroy());
  await run.printed('the connection to the daemon broke');
  daemon.on(STATS, answers(list));
  await run.printed('125%');
  run.interrupt();
  expect(await run.code).toBe(0);
  expect(run.stdout().endsWith(LEAVE)).toBe(true);
});

test('without a daemon nothing is drawn', async () => {
  const fake = fakeScreen();
  const ran = await runCli(['top'], { socket: '/nonexistent/s', isTTY: true, screen: fake.screen });
  expect(ran).toMatchObject({ code: 3, stdout: '' });
});
