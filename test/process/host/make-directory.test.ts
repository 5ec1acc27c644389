/** Directories that a user names. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDirectory } from '../../../src/host/make-directory.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'solovirt-dir-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test('is made with all above it, and taken when it is there', () => {
  const path = join(root, 'a/b/c');
  makeDirectory(path, 0o700);
  makeDirectory(path, 0o755);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('where none can be made there is an error, and no wait for ever', () => {
  expect(() => makeDirectory('/proc/nope/a')).toThrow(/ENOENT/);
  const file = join(root, 'file');
  writeFileSync(file, '');
  expect(() => makeDirectory(join(file, 'a'))).toThrow(/ENOTDIR/);
});
