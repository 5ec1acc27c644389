/** Starts of the daemon that are refused, each with its reason and without harm to whoever runs already. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { cli, runMain } from './run-main.ts';
import { bringUp } from './waiting.ts';

let first: World;
let uid: string;
beforeAll(async () => {
  first = await World.start();
  uid = await bringUp(first, 'web');
});
afterAll(async () => {
  await first[Symbol.asyncDispose]();
});

/** Directories of a second daemon, which share nothing with the first unless told to. */
function daemonArgs(change: Readonly<Record<string, string>> = {}): readonly string[] {
  const other = join(first.dir, 'other');
  const places = {
    vms: join(other, 'vms'),
    images: first.images,
    state: join(other, 'state'),
    runtime: join(other, 'run'),
    socket: join(other, 'run', 's'),
    ...change,
  };
  return ['daemon', ...Object.entries(places).flatMap(([flag, value]) => [`--${flag}`, value])];
}

async function firstIsUntouched(): Promise<void> {
  expect((await cli(first, 'info')).code).toBe(0);
  expect((await first.vm('web')).status.instance).toMatchObject({ uid, phase: 'Running' });
}

describe('another daemon is in the way', () => {
  test('on the same state directory: the refusal names its pid', async () => {
    const { code, stderr } = await runMain(daemonArgs({ state: first.state }));
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: another daemon (pid ${first.pid}) is running on state directory ${first.state}; stop it, or use another --state\n`,
    );
    await firstIsUntouched();
  });

  test('on the same socket, with another state directory', async () => {
    const { code, stderr } = await runMain(daemonArgs({ socket: first.socket }));
    expect(code).toBe(1);
    expect(stderr).toContain(`${first.socket} is served by another process`);
    await firstIsUntouched();
  });
});

describe('something else is in the way of the socket', () => {
  test('a file stays as it is', async () => {
    const socket = join(first.dir, 'a-file');
    writeFileSync(socket, 'precious');
    const { code, stderr } = await runMain(daemonArgs({ socket }));
    expect(code).toBe(1);
    expect(stderr).toContain(`${socket} exists and is not a socket`);
    expect(readFileSync(socket, 'utf8')).toBe('precious');
  });

  test('the socket of a daemon that was killed is replaced', async () => {
    await using world = await World.start();
    await world.endDaemon('SIGKILL');
    expect(existsSync(world.socket)).toBe(true);
    await world.startDaemon();
    expect((await cli(world, 'list')).code).toBe(0);
  });
});

describe('wrong usage is told with exit code 2, before anything is touched', () => {
  const long = `/tmp/${'x'.repeat(110)}`;
  test.for<readonly [string, readonly string[], Readonly<Record<string, string>>, string]>([
    ['a flag that does not exist', ['--vmz', '/x'], {}, "unknown option '--vmz'"],
    ['a bad value', ['--accel', 'kmv'], {}, '--accel: accel must be one of auto, kvm, tcg'],
    ['a bad log level', ['--log-level', 'loud'], {}, '--log-level: logLevel must be one of'],
    ['a socket path that is too long', ['--socket', long], {}, 'is 115 bytes long'],
    ['a runtime directory that is too long', ['--runtime', long], {}, 'leave room for the guests'],
    ['a variable that is misspelt', [], { SOLOVIRT_ACCELL: 'tcg' }, 'did you mean SOLOVIRT_ACCEL?'],
    ['a bad variable', [], { SOLOVIRT_LOG_LEVEL: 'x' }, 'SOLOVIRT_LOG_LEVEL: logLevel must be'],
    ['a configuration that is not there', ['--config', '/no/such.yaml'], {}, '/no/such.yaml'],
  ])('%s', async ([, args, env, words]) => {
    const state = join(first.dir, 'untouched');
    const { code, stdout, stderr } = await runMain([...daemonArgs({ state }), ...args], env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(existsSync(state)).toBe(false);
  });

  test('every fault of a configuration file with its place', async () => {
    const config = join(first.dir, 'bad.yaml');
    writeFileSync(config, 'accel: fast\nbackof:\n  baseSeconds: 1\nbackoff: {capSeconds: -1}\n');
    const { code, stderr } = await runMain(['daemon', '--config', config]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${config}:1:8: accel must be one of auto, kvm, tcg`);
    expect(stderr).toContain(`${config}:2:1: backof is not a setting; did you mean "backoff"?`);
    expect(stderr).toContain(`${config}:4:23: backoff.capSeconds must be a whole number`);
  });
});

describe('signals to the daemon', () => {
  test('none of them stops a guest, and SIGHUP does not even stop the daemon', async () => {
    await using world = await World.start();
    const guest = await bringUp(world, 'web');
    const [pid] = world.liveQemus();
    process.kill(world.pid, 'SIGHUP');
    await bringUp(world, 'after-hup');
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await world.endDaemon(signal);
      expect(existsSync(world.socket)).toBe(false);
      expect(world.liveQemus()).toContain(pid);
      await world.startDaemon();
      const { status } = await world.untilStatus('web', 'Running');
      expect(status.instance?.uid).toBe(guest);
    }
    expect(world.log).toContain('"msg":"stopping; guests run on"');
  });
});
