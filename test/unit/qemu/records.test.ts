/** The small texts in an evidence directory and in /proc: what is understood, and that the rest is refused. */
import { expect, test } from 'vitest';
import { parseExitFile } from '../../../src/qemu/exit-file.ts';
import { parseIntentLine } from '../../../src/qemu/intent.ts';
import { parseJournal } from '../../../src/qemu/journal.ts';
import { parseProcessFile, parseStat } from '../../../src/qemu/process-identity.ts';

const BOOT = '7b844b1e-2a1e-4f43-8e5d-4f75b5a746e3';

test.for([
  ['exited 0\n', { kind: 'exited', code: 0 }],
  ['exited 255\n', { kind: 'exited', code: 255 }],
  ['signaled 9', { kind: 'signaled', signal: 9 }],
  ['signaled 64\n', { kind: 'signaled', signal: 64 }],
  ['', undefined],
  ['exited\n', undefined],
  ['exited 256\n', undefined],
  ['exited -1\n', undefined],
  ['signaled 0\n', undefined],
  ['signaled 65\n', undefined],
  ['exited 0\nexited 1\n', undefined],
] as const)('exit file %j', ([text, expected]) => {
  expect(parseExitFile(text)).toEqual(expected);
});

test.for([
  [`42 175719 ${BOOT}\n`, { identity: { pid: 42, startTime: 175_719, bootId: BOOT } }],
  [
    `42 175719 ${BOOT} 41\n`,
    { identity: { pid: 42, startTime: 175_719, bootId: BOOT }, keeperPid: 41 },
  ],
  [`42 175719 ${BOOT}`, undefined],
  [`42 175719 ${BOOT.slice(1)}\n`, undefined],
  [`-42 175719 ${BOOT}\n`, undefined],
  ['', undefined],
  ['\0\0\0\0\n', undefined],
] as const)('process file %j', ([text, expected]) => {
  expect(parseProcessFile(text)).toEqual(expected);
});

const STAT_END = `1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 3 0 175719 1000 200 ${'0 '.repeat(27)}0`;

test.for([
  [
    'a plain name',
    `42 (qemu-system-x86) S ${STAT_END}`,
    { pid: 42, state: 'S', parent: 1, startTime: 175_719 },
  ],
  [
    'a name made to confuse',
    `42 (a) Z 9 (b) R ${STAT_END}`,
    { pid: 42, state: 'R', parent: 1, startTime: 175_719 },
  ],
  ['nothing', '', undefined],
  ['a short line', '42 (sh) S 1 2 3', undefined],
] as const)('process state: %s', ([, text, expected]) => {
  expect(parseStat(text)).toEqual(expected);
});

const INTENT = { action: 'quit', initiator: 'command', gracePeriodSeconds: 30, at: 5 } as const;

test.for([
  ['a whole line', JSON.stringify(INTENT), [INTENT]],
  ['a line of a later version', JSON.stringify({ ...INTENT, more: 1 }), [INTENT]],
  ['a torn line', JSON.stringify(INTENT).slice(0, 30), []],
  ['an unknown action', JSON.stringify({ ...INTENT, action: 'toString' }), []],
  ['an unknown initiator', JSON.stringify({ ...INTENT, initiator: 'me' }), []],
  ['a text where a number belongs', JSON.stringify({ ...INTENT, at: '5' }), []],
  ['null', 'null', []],
  ['nothing', '', []],
] as const)('intent: %s', ([, line, expected]) => {
  expect(parseIntentLine(line)).toEqual(expected);
});

const event = (name: string, seconds: number): string =>
  JSON.stringify({ event: name, timestamp: { seconds, microseconds: 0 } });

test('the journal keeps its events and their order, and nothing else', () => {
  const text = [
    '{"QMP": {"version": {}, "capabilities": []}}',
    event('RESUME', 1),
    '{"return": {}}',
    `\0\0\0${event('POWERDOWN', 2)}\r`,
    '',
    event('SHUTDOWN', 3),
    event('NEVER', 4).slice(0, 25),
  ].join('\n');
  expect(parseJournal(text)).toEqual([
    { event: 'RESUME', data: {}, at: 1000 },
    { event: 'POWERDOWN', data: {}, at: 2000 },
    { event: 'SHUTDOWN', data: {}, at: 3000 },
  ]);
});
