import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asService, decodeEntry, Lines, Receiver } from '../../support/service-manager.ts';
import { temporaryDirectory } from '../host/support.ts';

const CHILD = join(import.meta.dirname, 'journal-child.ts');

interface Logging {
  readonly stdout: Lines;
  say(...lines: readonly object[]): void;
  /** Resolves with the exit code. */
  ends(): Promise<number | null>;
}

function logging(journal: string): Logging {
  const command = asService({ journal, nonblock: true }, [process.execPath, CHILD]);
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    stdout: new Lines(child),
    say: (...lines) => child.stdin.write(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
    ends: () => {
      child.stdin.end();
      return exit;
    },
  };
}

function entries(journal: Receiver): readonly Readonly<Record<string, string>>[] {
  return journal.datagrams.map((bytes) => Object.fromEntries(decodeEntry(bytes)));
}

test('each line is one entry with its fields, and none is on standard output', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'journal');
  await using journal = await Receiver.at(path);
  const child = logging(path);
  child.say(
    { msg: 'pass', vm: 'default/web', action: 'start', reason: 'Always' },
    { msg: 'event', vm: 'default/web', event: 'X', note: 'two\nlines' },
    { msg: 'broken', fail: 'no space left' },
  );
  expect(await child.ends()).toBe(0);
  await journal.until('the last entry', (text) => text.includes('broken'));
  expect(entries(journal)).toEqual([
    expect.objectContaining({ MESSAGE: 'web: start – Always', PRIORITY: '6' }),
    expect.objectContaining({ SOLOVIRT_REASON: 'X', SOLOVIRT_NOTE: 'two\nlines' }),
    expect.objectContaining({
      MESSAGE: 'broken: no space left: disk',
      PRIORITY: '3',
      SOLOVIRT_STACK: expect.stringContaining('caused by: Error: disk'),
    }),
  ]);
  expect(child.stdout.all).toEqual([]);
});

test('without a journal any more the lines go to standard output, and none is lost', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'journal');
  const journal = await Receiver.at(path);
  const child = logging(path);
  child.say({ msg: 'first' });
  await journal.until('the first entry', (text) => text.includes('first'));
  await journal[Symbol.asyncDispose]();
  child.say({ msg: 'second', vm: 'default/web' }, { msg: 'third' });
  expect(await child.ends()).toBe(0);
  expect(child.stdout.all.map((line) => JSON.parse(line))).toEqual([
    { level: 'warn', msg: 'the journal is gone; the log goes on here' },
    { level: 'info', time: expect.any(String), vm: 'default/web', msg: 'second' },
    { level: 'info', time: expect.any(String), msg: 'third' },
  ]);
});

test('what a busy journal cannot take goes to standard output, and none is lost or doubled', async () => {
  await using tmp = await temporaryDirectory();
  const path = join(tmp.path, 'journal');
  await using journal = await Receiver.at(path);
  const child = logging(path);
  journal.child.kill('SIGSTOP');
  // More than any queue of datagrams holds (net.unix.max_dgram_qlen, 512 under systemd).
  const names = Array.from({ length: 600 }, (_, index) => `line-${index}`);
  child.say(...names.map((msg) => ({ msg })));
  await child.stdout.until('the last line', (lines) => lines.find((l) => l.includes('line-599')));
  const onStdout = new Set(child.stdout.all.map((line) => JSON.parse(line).msg));
  const lastSent = names.findLast((name) => !onStdout.has(name));
  journal.child.kill('SIGCONT');
  await journal.until('what it was sent', (text) => text.includes(`MESSAGE=${lastSent}\n`));
  child.say({ msg: 'end' });
  expect(await child.ends()).toBe(0);
  await journal.until('the end', (text) => text.includes('MESSAGE=end'));
  const printed = child.stdout.all.map((line) => JSON.parse(line).msg);
  const journalled = entries(journal).map((entry) => entry['MESSAGE']);
  expect(printed.length).toBeGreaterThan(0);
  expect([...printed, ...journalled].toSorted()).toEqual([...names, 'end'].toSorted());
});
