/** The wrapper `beside` with real processes: whose end takes whom along, and what is told of it. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { beforeEach, describe, expect, test } from 'vitest';
import { programFile } from '../../src/qemu/program-files.ts';

const BESIDE = programFile('beside');
const DEADLINE_MS = 30_000;

let dir: string;
beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'beside-'));
  dir = made;
  await mkdir(join(dir, 'state'));
  return () => rm(made, { recursive: true });
});

/** Scripts for /bin/sh. The companion's `$1` is the number of its socket. */
function run(companion: string, program: string, socket = 'socket') {
  const words = ['/bin/sh', '-c', companion, 'companion', '{socket}'];
  const args = [
    ...['--socket', join(dir, socket), '--state', join(dir, 'state'), '--end', join(dir, 'end')],
    ...['--words', String(words.length), ...words],
    ...['/bin/sh', '-c', program],
  ];
  return execa(BESIDE, args, { reject: false, stdin: 'ignore', cwd: dir, timeout: DEADLINE_MS });
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(10);
  }
}

async function text(name: string): Promise<string> {
  return await readFile(join(dir, name), 'utf8').catch(() => '');
}

/** The pid that a script has written into this file. */
async function pidIn(name: string): Promise<number> {
  await until(`${name} holds a pid`, async () => /^\d+\n/.test(await text(name)));
  return Number(await text(name));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const WAITS = 'echo $$ >pid; exec sleep 600';

describe('the program', () => {
  test('is the same process, with its own exit code, and has no children', async () => {
    const running = run(
      WAITS,
      'read children </proc/$$/task/$$/children; echo "$$ ($children)"; exit 7',
    );
    const { stdout, exitCode } = await running;
    expect(exitCode).toBe(7);
    expect(stdout).toBe(`${running.pid} ()`);
  });

  test('can connect to the companion’s socket at once', async () => {
    const running = run('ls -l /proc/self/fd/$1 >fd; exec sleep 600', 'exec sleep 600');
    await until('there is a socket', () => existsSync(join(dir, 'socket')));
    const socket = connect(join(dir, 'socket'));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve()).once('error', reject);
    });
    socket.destroy();
    await until('the companion has looked', async () => (await text('fd')).includes('socket:'));
    running.kill('SIGKILL');
    await running;
  });

  test.for(['SIGKILL', 'SIGTERM'] as const)(
    'takes the companion along when %s ends it',
    async (signal) => {
      const running = run(WAITS, 'exec sleep 600');
      const companion = await pidIn('pid');
      running.kill(signal);
      await running;
      await until('the companion is gone', () => !isAlive(companion));
      expect(existsSync(join(dir, 'end'))).toBe(false);
    },
  );

  test('takes along a companion that heeds no SIGTERM', async () => {
    const stubborn = "trap '' TERM; echo $$ >pid; while :; do sleep 0.1; done";
    const running = run(stubborn, 'exec sleep 600');
    const companion = await pidIn('pid');
    running.kill('SIGKILL');
    await until('the companion is gone', () => !isAlive(companion));
    await running;
  });

  test('is not started where the companion cannot have its socket', async () => {
    const { exitCode, stderr } = await run(WAITS, 'echo started', 'no/such/place');
    expect(exitCode).toBe(125);
    expect(stderr).toContain(`cannot listen on ${dir}/no/such/place: No such file`);
  });
});

describe('the end of a companion', () => {
  test.for([
    ['exit 3', 'exited 3\n'],
    ['kill -SEGV $$', 'signaled 11\n'],
  ] as const)('by "%s" is told while the program goes on', async ([script, told]) => {
    const running = run(script, 'exec sleep 600');
    await until('the end is told', () => existsSync(join(dir, 'end')));
    expect(await text('end')).toBe(told);
    running.kill('SIGKILL');
    expect((await running).signal).toBe('SIGKILL');
  });

  test('is not told when the program ends with it', async () => {
    // A second companion gets the state only when all is over with the first.
    await execa('mkfifo', [join(dir, 'go')]);
    await run('read x <go; exit 3', 'echo >go; exit 0');
    await run('exit 0', 'exit 0', 'second');
    expect(existsSync(join(dir, 'end'))).toBe(false);
  });
});

test('the state is one companion’s: the next waits until it is gone', async () => {
  const first = run(
    "trap 'sleep 0.3; echo last >>state/log; exit' TERM; echo $$ >pid; while :; do sleep 0.05; done",
    'exec sleep 600',
  );
  await pidIn('pid');
  first.kill('SIGKILL');
  await first;
  const second = run(
    'echo next >>state/log; exec sleep 600',
    'until grep -q next state/log; do sleep 0.02; done',
    'second',
  );
  expect((await second).exitCode).toBe(0);
  expect(await text('state/log')).toBe('last\nnext\n');
});

test('where there is no state, there may be several at once', async () => {
  const stateless = (name: string) =>
    execa(
      BESIDE,
      [
        ...['--socket', join(dir, name), '--end', join(dir, `${name}.end`), '--words', '3'],
        ...['/bin/sh', '-c', `echo $$ >${name}.pid; exec sleep 600`],
        ...['/bin/sh', '-c', 'exec sleep 600'],
      ],
      { reject: false, stdin: 'ignore', cwd: dir, timeout: DEADLINE_MS },
    );
  const both = ['one', 'two'].map((name) => ({ running: stateless(name), pid: `${name}.pid` }));
  const pids = await Promise.all(both.map(({ pid }) => pidIn(pid)));
  for (const { running } of both) running.kill('SIGKILL');
  await Promise.all(both.map(({ running }) => running));
  await until('both are gone', () => !pids.some(isAlive));
});

test('a keeper that is killed takes nobody along, and the state stays in use', async () => {
  // The parent of the companion is its keeper.
  const first = run('echo $PPID >keeper; echo $$ >pid; exec sleep 600', 'exec sleep 600');
  const companion = await pidIn('pid');
  process.kill(await pidIn('keeper'), 'SIGKILL');
  const { exitCode, stderr } = await run(WAITS, 'echo started', 'second');
  expect(exitCode).toBe(125);
  expect(stderr).toContain('is in use by another process');
  expect(isAlive(companion)).toBe(true);
  process.kill(companion, 'SIGKILL');
  first.kill('SIGKILL');
  await first;
});

test('a state that stays in use is named', async () => {
  const first = run(WAITS, 'exec sleep 600');
  await pidIn('pid');
  const { exitCode, stderr } = await run(WAITS, 'echo started', 'second');
  expect(exitCode).toBe(125);
  expect(stderr).toBe(`beside: ${dir}/state is in use by another process`);
  first.kill('SIGKILL');
  await first;
});
