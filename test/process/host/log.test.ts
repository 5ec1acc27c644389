import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/host/log.ts';

function lines(format: 'json' | 'pretty', level: 'debug' | 'info' = 'info') {
  const written: string[] = [];
  const log = createLogger({ level, format, destination: { write: (line) => written.push(line) } });
  return { log, written };
}

test('a line is one JSON object with ISO time and the level as a word', () => {
  const { log, written } = lines('json');
  log.child({ vm: 'default/web' }).info({ action: 'start', text: 'a\nb' }, 'pass');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(written[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    vm: 'default/web',
    action: 'start',
    text: 'a\nb',
    msg: 'pass',
  });
});

test('an error is logged with its cause', () => {
  const { log, written } = lines('json');
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  expect(JSON.parse(written[0] ?? '').err).toMatchObject({
    message: expect.stringContaining('outer'),
    stack: expect.stringContaining('inner'),
  });
});

test('lines below the level are left out', () => {
  const { log, written } = lines('json');
  log.debug({}, 'quiet');
  log.warn({}, 'loud');
  expect(written.map((line) => JSON.parse(line).msg)).toEqual(['loud']);
});

test('for people a line has the time, the level, the message and the fields', () => {
  const { log, written } = lines('pretty');
  log.info({ vm: 'default/web' }, 'pass');
  expect(written).toEqual([
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: pass \{"vm":"default\/web"\}\n$/),
  ]);
});

test.for(['json', 'pretty'])('the %s line before a crash is not lost', (format) => {
  const script = join(import.meta.dirname, 'log-and-crash.ts');
  const output = execFileSync(
    'sh',
    ['-c', '"$@" || true', 'sh', process.execPath, script, format],
    {
      encoding: 'utf8',
    },
  );
  expect(output).toContain('last words');
});
