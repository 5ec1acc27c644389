/** What a QEMU that was taken over could leave in its directory: nothing of it leads elsewhere, waits or fills memory. */
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { capLog } from '../../src/qemu/cap-log.ts';
import { collectEvidence } from '../../src/qemu/evidence.ts';
import { appendIntent, readIntents } from '../../src/qemu/intent.ts';
import { capJournal } from '../../src/qemu/journal-cap.ts';
import { readTail } from '../../src/qemu/tail.ts';
import { readLog } from '../../src/supervisor/instance-log.ts';
import { type InstanceDir, instanceDir } from '../support/instance-dir.ts';

const SECRET = 'signaled 9\n'.repeat(100);
const LIMITS = { maxLines: 100, maxBytes: 4096 };

type Trap = (path: string, dir: InstanceDir) => Promise<unknown>;

const TRAPS: Readonly<Record<string, Trap>> = {
  'a link to another file': (path, { root }) => symlink(join(root, 'secret'), path),
  'a named pipe': (path) => execa('mkfifo', [path]),
  'a directory': (path) => mkdir(path),
  'a link that leads to itself': (path) => symlink(path, path),
};

async function trapped(trap: Trap): Promise<InstanceDir> {
  const dir = await instanceDir();
  await writeFile(join(dir.root, 'secret'), SECRET);
  const { events, exit, process, intent, stderr, console } = dir.paths;
  for (const path of [
    events,
    exit,
    process,
    intent,
    stderr,
    console,
    `${dir.paths.dir}/oom-baseline`,
  ])
    await trap(path, dir);
  return dir;
}

describe.for(Object.entries(TRAPS))('%s', ([, trap]) => {
  test('is no evidence', async () => {
    await using dir = await trapped(trap);
    const evidence = await collectEvidence(dir.paths);
    expect(evidence).toMatchObject({
      alive: false,
      events: [],
      intents: [],
      stderrTail: '',
      consoleTail: '',
    });
    expect(evidence.exit).toBeUndefined();
  });

  test('is no log', async () => {
    await using dir = await trapped(trap);
    expect(await readTail(dir.paths.console, LIMITS)).toBe('');
    const lines = readLog(
      { paths: dir.paths, log: 'console', tail: 10, follow: false },
      new AbortController().signal,
    );
    for await (const line of lines) expect(line).toBe('');
  });

  test('is never cut', async () => {
    await using dir = await trapped(trap);
    expect(await capLog(dir.paths.console, 10)).toBe(false);
    expect(await capJournal(dir.paths.events, 10)).toBe(false);
    expect(await readFile(join(dir.root, 'secret'), 'utf8')).toBe(SECRET);
  });

  test('does not keep a stop from being noted', async () => {
    await using dir = await trapped(trap);
    const intent = { action: 'kill', initiator: 'command', gracePeriodSeconds: 0, at: 1 } as const;
    await appendIntent(dir.paths, intent);
    expect(readIntents(dir.paths)).toEqual([intent]);
    expect(await readFile(join(dir.root, 'secret'), 'utf8')).toBe(SECRET);
  });
});

test('a link in the place of the copy that a cut makes is not written through', async () => {
  await using dir = await instanceDir();
  const secret = join(dir.root, 'secret');
  await writeFile(secret, SECRET);
  await writeFile(dir.paths.console, 'x'.repeat(100));
  await symlink(secret, `${dir.paths.console}.1.tmp`);
  await symlink(secret, `${dir.paths.console}.1`);
  expect(await capLog(dir.paths.console, 10)).toBe(true);
  expect(await readFile(secret, 'utf8')).toBe(SECRET);
  expect(await readFile(`${dir.paths.console}.1`, 'utf8')).toBe('x'.repeat(10));
});

test('files of any size are read in bounds', async () => {
  await using dir = await instanceDir();
  const { events, exit, process, intent, stderr, console } = dir.paths;
  for (const path of [events, exit, process, intent, stderr, console]) {
    await writeFile(path, '');
    await truncate(path, 2 ** 40);
  }
  const before = globalThis.process.memoryUsage().arrayBuffers;
  const evidence = await collectEvidence(dir.paths);
  expect(evidence).toMatchObject({ alive: false, events: [], intents: [] });
  expect(globalThis.process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
});
