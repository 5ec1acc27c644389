import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  acquireDaemonLock,
  DaemonLockError,
  DaemonRunningError,
} from '../../../src/host/daemon-lock.ts';
import { asOrdinaryUser, temporaryDirectory, until } from './support.ts';

interface Holder {
  readonly child: ChildProcess;
  /** What it said: `held`, or why not. */
  readonly answer: string;
}

/** A process that takes the lock, says what came of it, and stays. */
async function holder(stateDir: string): Promise<Holder> {
  const script = join(import.meta.dirname, 'hold-lock.ts');
  const child = spawn(process.execPath, [script, stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  await until('the child answers', () => output.includes('\n') || child.exitCode !== null);
  return { child, answer: output.trim() };
}

async function killed({ child }: Holder): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('while another process holds it the lock is refused, naming that process', async () => {
  await using tmp = await temporaryDirectory();
  const other = await holder(tmp.path);
  try {
    expect(other.answer).toBe('held');
    expect(() => acquireDaemonLock(tmp.path)).toThrow(DaemonRunningError);
    expect(() => acquireDaemonLock(tmp.path)).toThrow(
      `another daemon (pid ${other.child.pid}) is running on state directory ${tmp.path}`,
    );
  } finally {
    await killed(other);
  }
});

test('a holder that was killed leaves the lock free', async () => {
  await using tmp = await temporaryDirectory();
  await killed(await holder(tmp.path));
  acquireDaemonLock(tmp.path).release();
  await killed(await holder(tmp.path));
  const next = await holder(tmp.path);
  await killed(next);
  expect(next.answer).toBe('held');
});

test('of several processes that start at once exactly one gets it', async () => {
  await using tmp = await temporaryDirectory();
  // Also when they find the remains of something that is no lock file.
  await writeFile(join(tmp.path, 'lock.db'), 'not a database '.repeat(100));
  const holders = await Promise.all(Array.from({ length: 4 }, () => holder(tmp.path)));
  await Promise.all(holders.map(killed));
  expect(holders.filter(({ answer }) => answer === 'held')).toHaveLength(1);
  expect(holders.filter(({ answer }) => /^DaemonRunningError/.test(answer))).toHaveLength(3);
});

test('a released lock can be taken again, here and elsewhere', async () => {
  await using tmp = await temporaryDirectory();
  const lock = acquireDaemonLock(tmp.path);
  expect(() => acquireDaemonLock(tmp.path)).toThrow(`pid ${process.pid}`);
  lock.release();
  lock.release();
  expect(await readdir(tmp.path)).toEqual(['lock.db']);
  const other = await holder(tmp.path);
  await killed(other);
  expect(other.answer).toBe('held');
});

test('a state directory that is missing is made, for the daemon alone', async () => {
  await using tmp = await temporaryDirectory();
  const stateDir = join(tmp.path, 'a', 'b');
  acquireDaemonLock(stateDir).release();
  expect(await readdir(stateDir)).toEqual(['lock.db']);
});

test('a directory that cannot be written is an error of its own', async () => {
  await using tmp = await temporaryDirectory();
  await chmod(tmp.path, 0o555);
  const attempt = asOrdinaryUser(async () => acquireDaemonLock(join(tmp.path, 'state')));
  await expect(attempt).rejects.toThrow(DaemonLockError);
  await chmod(tmp.path, 0o755);
});
