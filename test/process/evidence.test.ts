/** What is made of an evidence directory, whole or damaged; what real QEMUs leave is in test/qemu. */
import { spawn } from 'node:child_process';
import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Intent, ProcessIdentity } from '../../src/core/model/evidence.ts';
import { collectEvidence } from '../../src/qemu/evidence.ts';
import { appendIntent, readIntents } from '../../src/qemu/intent.ts';
import { JOURNAL_WINDOW_BYTES, readJournal } from '../../src/qemu/journal.ts';
import { signalProcess } from '../../src/qemu/kill-tree.ts';
import {
  findOomProof,
  readOomBaseline,
  readOomCounter,
  recordOomBaseline,
} from '../../src/qemu/oom.ts';
import { currentBootId, readIdentity } from '../../src/qemu/process-identity.ts';
import { instanceDir } from '../support/instance-dir.ts';

const NOTHING = { alive: false, events: [], intents: [], stderrTail: '', consoleTail: '' };
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';
const INTENT: Intent = { action: 'powerdown', initiator: 'command', gracePeriodSeconds: 30, at: 1 };

function processLine(identity: ProcessIdentity): string {
  return `${identity.pid} ${identity.startTime} ${identity.bootId}\n`;
}

/** Nobody can have this identity: no process starts at boot time zero. */
function goneIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: 0, bootId: currentBootId() };
}

function eventLine(event: string, seconds: number): string {
  return `${JSON.stringify({ timestamp: { seconds, microseconds: 0 }, event })}\r\n`;
}

test('an empty or missing directory gives no facts and no error', async () => {
  await using dir = await instanceDir();
  expect(await collectEvidence(dir.paths)).toEqual(NOTHING);
  await rm(dir.paths.dir, { recursive: true });
  expect(await collectEvidence(dir.paths)).toEqual(NOTHING);
});

test('a running process is alive; the same numbers of another boot are not', async () => {
  await using dir = await instanceDir();
  const child = spawn('sleep', ['60'], { stdio: 'ignore', argv0: `qemu ${dir.paths.uid}` });
  const identity = readIdentity(child.pid ?? 0);
  if (identity === undefined) throw new Error('no identity');
  // `instanceDir` ends it.
  await writeFile(dir.paths.process, processLine(identity));
  expect(await collectEvidence(dir.paths)).toEqual({ ...NOTHING, alive: true, sameBoot: true });
  await writeFile(dir.paths.process, processLine({ ...identity, bootId: OTHER_BOOT }));
  expect(await collectEvidence(dir.paths)).toEqual({ ...NOTHING, sameBoot: false });
  await writeFile(dir.paths.process, processLine(identity).trimEnd());
  expect(await collectEvidence(dir.paths)).toEqual(NOTHING);
  await writeFile(dir.paths.process, processLine(identity));
});

test('a running process that is not of the instance does not count', async () => {
  await using dir = await instanceDir();
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const identity = readIdentity(child.pid ?? 0);
  if (identity === undefined) throw new Error('no identity');
  await writeFile(dir.paths.process, processLine(identity));
  expect(await collectEvidence(dir.paths)).toEqual({ ...NOTHING, sameBoot: true });
});

test('a process that only the record names counts, unless the directory names one that lives', async () => {
  await using dir = await instanceDir();
  const recorded = { ...goneIdentity(), bootId: OTHER_BOOT };
  expect(await collectEvidence(dir.paths, { recorded })).toEqual({ ...NOTHING, sameBoot: false });
  // As a crash of the host leaves it.
  await writeFile(dir.paths.process, '');
  expect(await collectEvidence(dir.paths, { recorded })).toEqual({ ...NOTHING, sameBoot: false });
  await writeFile(dir.paths.process, processLine(goneIdentity()));
  expect(await collectEvidence(dir.paths, { recorded })).toEqual({ ...NOTHING, sameBoot: true });
});

test('a zombie is not alive', async () => {
  await using dir = await instanceDir();
  // The shell becomes a sleep, which never reaps the child that the shell had.
  const script = 'sleep 60 2>"$2" & echo $! >"$1"; exec sleep 60';
  const parent = execa('/bin/sh', ['-c', script, 'sh', `${dir.root}/pid`, dir.paths.stderr], {
    reject: false,
    forceKillAfterDelay: false,
  });
  try {
    await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
    const identity = readIdentity(Number(await readFile(`${dir.root}/pid`, 'utf8')));
    if (identity === undefined) throw new Error('the child is gone');
    await writeFile(dir.paths.process, processLine(identity));
    expect(await collectEvidence(dir.paths)).toMatchObject({ alive: true });
    signalProcess(identity, 'SIGKILL');
    const stat = () => readFile(`/proc/${identity.pid}/stat`, 'latin1');
    await expect.poll(stat).toContain(') Z ');
    expect(await collectEvidence(dir.paths)).toMatchObject({ alive: false, sameBoot: true });
    expect(readIdentity(identity.pid)).toBeUndefined();
  } finally {
    parent.kill('SIGKILL');
    await parent;
  }
});

test('everything that was left is told', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  await writeFile(paths.process, processLine(goneIdentity()));
  await writeFile(paths.exit, 'exited 0\n');
  await writeFile(paths.events, eventLine('RESUME', 1) + eventLine('SHUTDOWN', 2));
  await appendIntent(paths, INTENT);
  await writeFile(paths.stderr, '2026-01-01T00:00:00.1Z qemu: bad \u001b[2Jday\n');
  await writeFile(paths.console, '\u001b[2J\u001b[1;1HSeaBIOS\r\n\r\nlogin:  \r\n');
  expect(await collectEvidence(paths)).toEqual({
    alive: false,
    sameBoot: true,
    exit: { kind: 'exited', code: 0 },
    events: [
      { event: 'RESUME', data: {}, at: 1000 },
      { event: 'SHUTDOWN', data: {}, at: 2000 },
    ],
    intents: [INTENT],
    stderrTail: '2026-01-01T00:00:00.1Z qemu: bad \\x1b[2Jday',
    consoleTail: 'SeaBIOS\n\nlogin:',
  });
});

test('tails are bounded in lines and in bytes, and reach back over a rotation', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  await writeFile(`${paths.stderr}.1`, `${lines.slice(0, 95).join('\n')}\n`);
  await writeFile(paths.stderr, `${lines.slice(95).join('\n')}\n`);
  await writeFile(paths.console, `first\n${'x'.repeat(100_000)}`);
  const evidence = await collectEvidence(paths);
  expect(evidence.stderrTail).toBe(lines.slice(80).join('\n'));
  expect(evidence.consoleTail).toBe('x'.repeat(8192));
  await truncate(paths.console);
  await writeFile(paths.console, `${'\u001b[31m'.repeat(50_000)}\nlast words`);
  expect((await collectEvidence(paths)).consoleTail).toBe('last words');
});

test('of a huge journal the beginning and the end are read, in order', async () => {
  await using dir = await instanceDir();
  const count = 20_000;
  const text = Array.from({ length: count }, (_, i) => eventLine('RESET', i)).join('');
  await writeFile(dir.paths.events, eventLine('RESUME', 0) + text + eventLine('SHUTDOWN', count));
  const events = readJournal(dir.paths.events);
  expect(events.at(0)?.event).toBe('RESUME');
  expect(events.at(-1)?.event).toBe('SHUTDOWN');
  const times = events.map((event) => event.at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  const kept = events.length / count;
  const expected = (2 * JOURNAL_WINDOW_BYTES) / text.length;
  expect(kept).toBeCloseTo(expected, 2);
});

test('a journal as long as both windows is read whole', async () => {
  await using dir = await instanceDir();
  const line = eventLine('RESET', 1_700_000_000);
  const count = Math.floor((2 * JOURNAL_WINDOW_BYTES) / line.length);
  await writeFile(dir.paths.events, line.repeat(count));
  expect(readJournal(dir.paths.events)).toHaveLength(count);
});

test('intents are kept in order, and a torn one does not swallow the next', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  expect(readIntents(paths)).toEqual([]);
  await appendIntent(paths, INTENT);
  await appendFile(paths.intent, '{"action":"qu');
  await appendIntent(paths, { ...INTENT, action: 'kill', at: 2 });
  await appendIntent(paths, { ...INTENT, action: 'host-shutdown', initiator: 'host', at: 3 });
  await appendFile(paths.intent, '{"action":"ki');
  expect(readIntents(paths).map(({ action, at }) => [action, at])).toEqual([
    ['powerdown', 1],
    ['kill', 2],
    ['host-shutdown', 3],
  ]);
});

test('a kernel log proves an OOM kill only of this pid and only after its start', async () => {
  await using dir = await instanceDir();
  const kernelLog = `${dir.root}/kmsg`;
  const identity = { pid: 4711, startTime: 100, bootId: currentBootId() };
  const record = (pid: number): string =>
    `3,99,900000000000,-;Out of memory: Killed process ${pid} (qemu-system-x86) total-vm:1kB`;
  await writeFile(kernelLog, record(4711));
  expect(await findOomProof(identity, { kernelLog })).toBe(
    'kernel log: Out of memory: Killed process 4711 (qemu-system-x86) total-vm:1kB',
  );
  expect(await findOomProof({ ...identity, pid: 471 }, { kernelLog })).toBeUndefined();
  const later = { ...identity, startTime: 1e12 };
  expect(await findOomProof(later, { kernelLog })).toBeUndefined();
});

test('without a kernel log the counter of the cgroup is the proof', async () => {
  await using dir = await instanceDir();
  const counterFile = `${dir.root}/memory.events`;
  const baseline = { cgroup: counterFile, count: 1 };
  const identity = goneIdentity();
  const options = { kernelLog: '/nonexistent', baseline };
  await writeFile(counterFile, 'oom 1\noom_kill 1\n');
  expect(await findOomProof(identity, options)).toBeUndefined();
  await writeFile(counterFile, 'oom 2\noom_kill 2\n');
  expect(await findOomProof(identity, options)).toBe(
    `${counterFile}: oom_kill rose from 1 to 2 since the launch`,
  );
  await rm(counterFile);
  expect(await findOomProof(identity, options)).toBeUndefined();
  expect(await findOomProof(identity, { kernelLog: '/nonexistent' })).toBeUndefined();
});

test('evidence consults the OOM killer only for a QEMU that was killed or is missing its status', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const kernelLog = `${dir.root}/kmsg`;
  await writeFile(paths.process, processLine(goneIdentity()));
  await writeFile(kernelLog, `3,9,900000000000,-;Killed process ${process.pid} (qemu)`);
  const proof = `kernel log: Killed process ${process.pid} (qemu)`;
  for (const [exit, expected] of [
    ['signaled 9\n', proof],
    ['', proof],
    ['signaled 11\n', undefined],
    ['exited 0\n', undefined],
  ] as const) {
    await writeFile(paths.exit, exit);
    expect((await collectEvidence(paths, { kernelLog })).oomProof).toBe(expected);
  }
});

test('the counter at launch is kept beside the evidence', async ({ skip }) => {
  await using dir = await instanceDir();
  const counter = await readOomCounter(process.pid);
  if (counter === undefined) return skip('this host has no memory cgroup');
  await recordOomBaseline(dir.paths, process.pid);
  expect(readOomBaseline(dir.paths)).toEqual(counter);
  await mkdir(`${dir.root}/other`);
  expect(readOomBaseline({ ...dir.paths, dir: `${dir.root}/other` })).toBeUndefined();
});
