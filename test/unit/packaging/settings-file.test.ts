/** packaging/solovirt.yaml tells the truth. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeConfig } from '../../../src/core/config/daemon-config.ts';

const FILE = join(import.meta.dirname, '../../../packaging/solovirt.yaml');
const input = { flags: {}, env: {}, isRoot: true, cwd: '/', home: '/root' };

test('the settings file of the package sets nothing', () => {
  const text = readFileSync(FILE, 'utf8');
  expect(mergeConfig(input, { path: FILE, text })).toEqual(mergeConfig(input, undefined));
});

test('each of its lines, uncommented, is a setting with its default', () => {
  const text = readFileSync(FILE, 'utf8')
    .replaceAll(/^#(?! )/gm, '')
    .replaceAll(/^# {2}/gm, '  ');
  expect(text).toMatch(/^accel: auto$/m);
  expect(mergeConfig(input, { path: FILE, text })).toEqual(mergeConfig(input, undefined));
});
