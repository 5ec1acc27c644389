import { existsSync } from 'node:fs';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { capLog } from '../../src/qemu/cap-log.ts';
import { readTail } from '../../src/qemu/tail.ts';
import { instanceDir } from '../support/instance-dir.ts';

test('a log is cut only when it is too long, and its last part is kept', async () => {
  await using dir = await instanceDir();
  const path = dir.paths.console;
  expect(await capLog(path, 10)).toBe(false);
  await writeFile(path, '0123456789');
  expect(await capLog(path, 10)).toBe(false);
  expect(existsSync(`${path}.1`)).toBe(false);
  await writeFile(path, 'old 0123456789');
  expect(await capLog(path, 10)).toBe(true);
  expect(await readFile(`${path}.1`, 'utf8')).toBe('0123456789');
  expect(await readFile(path, 'utf8')).toBe('');
  expect(existsSync(`${path}.1.tmp`)).toBe(false);
});

test('a writer that appends goes on at the new end', async () => {
  await using dir = await instanceDir();
  const path = dir.paths.console;
  await using writer = await open(path, 'a');
  await writer.appendFile('x'.repeat(1000));
  expect(await capLog(path, 100)).toBe(true);
  await writer.appendFile('after\n');
  expect(await readFile(path, 'utf8')).toBe('after\n');
  await writer.appendFile('y'.repeat(1000));
  expect(await capLog(path, 100)).toBe(true);
  expect(await readFile(`${path}.1`, 'utf8')).toBe('y'.repeat(100));
});

test('a log larger than one read is copied whole', async () => {
  await using dir = await instanceDir();
  const path = dir.paths.console;
  const text = Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join('');
  await writeFile(path, `x${text}`);
  expect(await capLog(path, text.length)).toBe(true);
  expect(await readFile(`${path}.1`, 'utf8')).toBe(text);
  expect((await stat(path)).size).toBe(0);
});

const LINES = ['one', 'two', 'three', 'four'];

test.for([
  { name: 'no file', newer: undefined, older: undefined, maxLines: 3, maxBytes: 100, expected: '' },
  { name: 'an empty file', newer: '', older: undefined, maxLines: 3, maxBytes: 100, expected: '' },
  {
    name: 'all of a short file',
    newer: 'one\ntwo\n',
    older: undefined,
    maxLines: 3,
    maxBytes: 100,
    expected: 'one\ntwo',
  },
  {
    name: 'a file without a last newline',
    newer: 'one\ntwo',
    older: undefined,
    maxLines: 3,
    maxBytes: 100,
    expected: 'one\ntwo',
  },
  {
    name: 'the last lines',
    newer: `${LINES.join('\n')}\n`,
    older: 'zero\n',
    maxLines: 3,
    maxBytes: 100,
    expected: 'two\nthree\nfour',
  },
  {
    name: 'whole lines only',
    newer: `${LINES.join('\n')}\n`,
    older: undefined,
    maxLines: 9,
    maxBytes: 12,
    expected: 'three\nfour',
  },
  {
    name: 'part of a single long line',
    newer: 'abcdefgh',
    older: undefined,
    maxLines: 9,
    maxBytes: 3,
    expected: 'fgh',
  },
  {
    name: 'what was rotated away, too',
    newer: 'four\n',
    older: 'zero\none\ntwo\nthree\n',
    maxLines: 3,
    maxBytes: 100,
    expected: 'two\nthree\nfour',
  },
  {
    name: 'a line that the rotation cut',
    newer: 'ur\n',
    older: 'three\nfo',
    maxLines: 3,
    maxBytes: 100,
    expected: 'three\nfour',
  },
  {
    name: 'what was rotated away, within the bytes',
    newer: 'four\n',
    older: 'one\ntwo\nthree\n',
    maxLines: 9,
    maxBytes: 13,
    expected: 'three\nfour',
  },
  {
    name: 'nothing at all',
    newer: 'one\ntwo\n',
    older: undefined,
    maxLines: 0,
    maxBytes: 100,
    expected: '',
  },
  {
    name: 'an only rotated file',
    newer: undefined,
    older: 'one\n',
    maxLines: 9,
    maxBytes: 13,
    expected: 'one',
  },
])('the tail of a log: $name', async ({ newer, older, maxLines, maxBytes, expected }) => {
  await using dir = await instanceDir();
  const path = dir.paths.console;
  if (newer !== undefined) await writeFile(path, newer);
  if (older !== undefined) await writeFile(`${path}.1`, older);
  expect(await readTail(path, { maxLines, maxBytes })).toBe(expected);
});
