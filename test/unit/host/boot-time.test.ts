import { uptime } from 'node:os';
import { expect, test } from 'vitest';
import { bootTime, parseBootTime } from '../../../src/host/boot-time.ts';

test('is the line btime of /proc/stat', () => {
  expect(parseBootTime('cpu  1 2 3\nctxt 5\nbtime 1700000000\nprocesses 7\n')).toBe(
    1_700_000_000_000,
  );
});

test.for(['', 'btime\n', 'btime soon\n', 'xbtime 5\n'])('%j tells nothing', (text) => {
  expect(parseBootTime(text)).toBeUndefined();
});

test('a host that does not tell has been up for ever', () => {
  expect(bootTime('/nonexistent')).toBe(0);
});

test('of this host fits its uptime', () => {
  expect(Math.abs(Date.now() - bootTime() - uptime() * 1000)).toBeLessThan(60_000);
});
