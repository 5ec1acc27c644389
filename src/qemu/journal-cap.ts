/**
 * Keeps QEMU's event journal from filling the disk when a guest resets for ever. Unlike a log it is never truncated,
 * for the event that tells the end may come at any moment: the middle, which nobody reads (`journal.ts`), is given
 * back to the file system as a hole, and not a byte at either end is touched.
 */
import { constants } from 'node:fs';
import { execa } from 'execa';
import { openEvidence } from './evidence-file.ts';
import { JOURNAL_WINDOW_BYTES } from './journal.ts';

/** Punched when the file takes more than this on the disk. */
export const JOURNAL_MAX_BYTES = 4 * 1024 * 1024;
const BLOCK_BYTES = 512;

/** @returns whether a hole was punched; a file system that cannot do it keeps the file as it is */
export async function capJournal(path: string, maxBytes = JOURNAL_MAX_BYTES): Promise<boolean> {
  const found = await openEvidence(path, constants.O_RDWR);
  if (found === undefined) return false;
  await using journal = found;
  const { size, blocks } = await journal.stat();
  const length = size - 2 * JOURNAL_WINDOW_BYTES;
  if (blocks * BLOCK_BYTES <= maxBytes || length <= 0) return false;
  const offset = ['--offset', String(JOURNAL_WINDOW_BYTES)];
  // The file that was looked at, whatever its path may lead to by now.
  const file = `/proc/${process.pid}/fd/${journal.fd}`;
  const { exitCode } = await execa(
    'fallocate',
    ['--punch-hole', ...offset, '--length', String(length), file],
    { reject: false, stdin: 'ignore', timeout: 5000, killSignal: 'SIGKILL' },
  );
  return exitCode === 0;
}
