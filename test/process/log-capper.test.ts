/** A file that is flooded stays short, as long as somebody looks. */
import { appendFileSync, statSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Logger } from '../../src/ports.ts';
import { capLog } from '../../src/qemu/cap-log.ts';
import { LogCapper } from '../../src/qemu/log-capper.ts';
import { instanceDir } from '../support/instance-dir.ts';

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};
const MAX_BYTES = 64 * 1024;

/** Writes until the file was cut so often, in portions that the writer chooses. */
async function flood(path: string, cuts: number, portion: () => string): Promise<void> {
  const deadline = Date.now() + 30_000;
  let before = 0;
  for (let seen = 0; seen < cuts; ) {
    if (Date.now() > deadline) throw new Error(`the file was cut ${seen} times only`);
    appendFileSync(path, portion());
    await turn();
    const { size } = statSync(path);
    if (size < before) seen += 1;
    before = size;
  }
}

test('a file that is flooded is cut again and again, and its last lines are kept', async () => {
  await using dir = await instanceDir();
  const path = dir.paths.console;
  appendFileSync(path, '');
  const files = [{ path, maxBytes: MAX_BYTES, cap: capLog }];
  using _capper = new LogCapper(dir.paths.dir, files, SILENT);
  await flood(path, 3, () => 'x'.repeat(1024));
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(2 * MAX_BYTES);
});

test('a file that was too long before anybody looked is cut too, although nothing is written any more', async () => {
  await using dir = await instanceDir();
  const path = dir.paths.console;
  appendFileSync(path, 'x'.repeat(10 * MAX_BYTES));
  const files = [{ path, maxBytes: MAX_BYTES, cap: capLog }];
  using _capper = new LogCapper(dir.paths.dir, files, SILENT);
  await expect.poll(() => statSync(path).size, { timeout: 30_000 }).toBe(0);
  expect(statSync(`${path}.1`).size).toBe(MAX_BYTES);
});
