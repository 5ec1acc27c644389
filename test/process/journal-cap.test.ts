import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJournal } from '../../src/qemu/journal.ts';
import { capJournal } from '../../src/qemu/journal-cap.ts';

function line(event: string): string {
  return `${JSON.stringify({ timestamp: { seconds: 1, microseconds: 0 }, event, data: {} })}\n`;
}

test('the journal of a guest that resets for ever gives its middle back and keeps both ends', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'solovirt-journal-'));
  const path = join(dir, 'events.jsonl');
  try {
    appendFileSync(path, line('RESUME') + line('RESET').repeat(50_000) + line('SHUTDOWN'));
    const { size, blocks } = statSync(path);
    expect(await capJournal(path, 1024 * 1024)).toBe(true);
    expect(statSync(path).size).toBe(size);
    expect(statSync(path).blocks).toBeLessThan(blocks / 2);
    const events = readJournal(path);
    expect([events[0]?.event, events.at(-1)?.event]).toEqual(['RESUME', 'SHUTDOWN']);
    expect(await capJournal(path, 1024 * 1024)).toBe(false);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
