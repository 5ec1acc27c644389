/** QEMU keeps appending to logs that are cut under it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { awaitInDirectory } from '../../src/qemu/await-file.ts';
import { capLog } from '../../src/qemu/cap-log.ts';
import { collectEvidence } from '../../src/qemu/evidence.ts';
import { signalProcess } from '../../src/qemu/kill-tree.ts';
import { instanceDir } from '../support/instance-dir.ts';
import { awaitExit, dial, launchTiny } from '../support/tiny-guest.ts';

const CAP = 2000;

test('the serial console goes on at the new end, without a hole, and the guest is not disturbed', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const identity = await launchTiny(paths, 'chatter');
  await using session = await dial(paths, identity);
  await session.client.execute('cont');
  const grown = (): true | undefined => (sizeOf(paths.console) > CAP ? true : undefined);
  for (let round = 0; round < 3; round += 1) {
    expect(await awaitInDirectory(paths.dir, grown, { timeoutMs: 30_000 })).toBe(true);
    expect(await capLog(paths.console, CAP)).toBe(true);
  }
  expect(await awaitInDirectory(paths.dir, grown, { timeoutMs: 30_000 })).toBe(true);
  await session.client.execute('stop');
  const text = readFileSync(paths.console, 'latin1');
  expect(text).not.toContain('\0');
  // The first line may have been cut; QEMU writes characters one by one.
  expect(new Set(text.split('\n').slice(1, -1))).toEqual(new Set(['guest']));
  expect((await readFile(`${paths.console}.1`, 'latin1')).length).toBeGreaterThanOrEqual(CAP);
  signalProcess(identity, 'SIGKILL');
  await awaitExit(paths, identity);
  expect((await collectEvidence(paths)).consoleTail.split('\n').slice(0, 19)).toEqual(
    Array.from({ length: 19 }, () => 'guest'),
  );
});

test('QEMU’s stderr goes on at the new end, without a hole', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const identity = await launchTiny(paths, 'idle');
  await using _session = await dial(paths, identity);
  writeFileSync(paths.stderr, 'x'.repeat(5000), { flag: 'a' });
  expect(await capLog(paths.stderr, CAP)).toBe(true);
  signalProcess(identity, 'SIGTERM');
  await awaitExit(paths, identity);
  expect(await readFile(paths.stderr, 'latin1')).toMatch(
    /^\d{4}-[^\0]*terminating on signal 15[^\0]*\n$/,
  );
});

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
