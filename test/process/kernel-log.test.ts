/** The kernel's log is read on from where the last look ended. A file stands for it. */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KernelLog } from '../../src/qemu/kernel-log.ts';

const record = (seconds: number, message: string): string =>
  `3,9,${seconds * 1_000_000},-;${message}\n`;

test('what was read stays known, and what came since is added', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kernel-log-'));
  try {
    const path = join(dir, 'kmsg');
    await writeFile(path, record(5, 'Linux version'));
    using log = new KernelLog(path);
    expect(await log.look()).toEqual({ kills: [], sinceMs: 5000 });
    await appendFile(path, record(7, 'Out of memory: Killed process 471 (qemu)'));
    const [first, second] = await Promise.all([log.look(), log.look()]);
    expect(first).toEqual({
      kills: [{ atMs: 7000, message: 'Out of memory: Killed process 471 (qemu)' }],
      sinceMs: 5000,
    });
    expect(second).toEqual(first);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a log that may not be read is tried again', async () => {
  using log = new KernelLog('/nonexistent/kmsg');
  expect(await log.look()).toBeUndefined();
  expect(await log.look()).toBeUndefined();
});
