import { expect, test } from 'vitest';
import { ConfigError, resolveConfig } from '../../../src/host/config.ts';

const input = { flags: {}, env: {}, isRoot: true, cwd: '/', home: '/root' };

test('the file that is there is used', () => {
  const files: Record<string, string> = { '/etc/solovirt/solovirt.yaml': 'accel: tcg' };
  expect(resolveConfig(input, (path) => files[path]).accel).toBe('tcg');
});

test('without a file the defaults are in force', () => {
  expect(resolveConfig(input, () => undefined).accel).toBe('auto');
});

test('a file that was asked for must be there', () => {
  const asked = { ...input, flags: { config: 'my.yaml' } };
  expect(() => resolveConfig(asked, () => undefined)).toThrow('/my.yaml: the file does not exist');
});

test('a file that cannot be read is an error, also when nobody asked for it', () => {
  const unreadable = () => {
    throw new Error('EACCES: permission denied');
  };
  expect(() => resolveConfig(input, unreadable)).toThrow(
    '/etc/solovirt/solovirt.yaml: the file cannot be read: EACCES: permission denied',
  );
});

test('all problems are in the message, one per line', () => {
  const broken = { ...input, flags: { accel: 'x', logLevel: 'y' } };
  expect(() => resolveConfig(broken, () => undefined)).toThrow(ConfigError);
  expect(() => resolveConfig(broken, () => undefined)).toThrow(/^--accel.*\n--log-level/);
});
