/** What comes out of the agent's channel may be anything, in any pieces: frames within bounds, or the end. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgentProtocolError } from '../../../src/qemu/agent-error.ts';
import {
  type AgentFrame,
  commandLine,
  frameSplitter,
  MAX_NESTING,
  parseAgentLine,
  syncRequest,
} from '../../../src/qemu/agent-message.ts';

function framesOf(bytes: Buffer, cuts: readonly number[], most?: number): readonly AgentFrame[] {
  const split = frameSplitter(most);
  const at = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])];
  at.sort((a, b) => a - b);
  return at.slice(1).flatMap((end, index) => split(bytes.subarray(at[index], end)));
}

test('messages survive however the stream is cut', () => {
  const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 10 }), fc.array(fc.nat()), (values, cuts) => {
      const lines = values.map((v) => JSON.stringify({ return: v }));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      expect(framesOf(bytes, cuts)).toEqual(lines.map((text) => ({ kind: 'line', text })));
    }),
  );
});

test('a delimiter drops what stands before it', () => {
  const bytes = Buffer.concat([
    Buffer.from('{"return": [1, 2'),
    Buffer.from([0xff]),
    Buffer.from('{"return": 7}\n'),
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat()), (cuts) => {
      expect(framesOf(bytes, cuts)).toEqual([
        { kind: 'delimiter' },
        { kind: 'line', text: '{"return": 7}' },
      ]);
    }),
  );
});

test('bytes in pieces become frames within bounds, or the end of the connection', () => {
  const bytes = fc.uint8Array({ maxLength: 2000 }).map(Buffer.from);
  fc.assert(
    fc.property(bytes, fc.array(fc.nat()), fc.integer({ min: 1, max: 300 }), (all, cuts, most) => {
      try {
        // A byte that is no UTF-8 becomes a character of three.
        for (const frame of framesOf(all, cuts, most))
          if (frame.kind === 'line')
            expect(Buffer.byteLength(frame.text)).toBeLessThanOrEqual(3 * most);
      } catch (error) {
        expect(error).toBeInstanceOf(AgentProtocolError);
      }
    }),
  );
});

test('any line is a return, an error in one clean line, or garbage', () => {
  const odd = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }));
  const message = fc.oneof(
    fc.record({ return: odd }, { requiredKeys: [] }),
    fc.record({ error: fc.oneof(fc.record({ class: odd, desc: odd }), odd) }),
    odd,
  );
  const line = fc.oneof(
    message.map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(line, (text) => {
      const parsed = parseAgentLine(text);
      const words = parsed.kind === 'error' ? parsed.words : '';
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(words).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      expect(words.length).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
});

test('deep nesting is garbage before anything is built from it', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const answer = (value: string): string => `{"return": ${value}}`;
  expect(parseAgentLine(answer(nested(MAX_NESTING - 1))).kind).toBe('return');
  expect(parseAgentLine(answer(nested(MAX_NESTING))).kind).toBe('garbage');
  expect(parseAgentLine('['.repeat(1_000_000)).kind).toBe('garbage');
  expect(parseAgentLine(answer(JSON.stringify('['.repeat(100)))).kind).toBe('return');
  expect(parseAgentLine(`{"${'\\"'.repeat(500_000)}`).kind).toBe('garbage');
});

test('what is sent is one line, after a delimiter where the two are to be brought in step', () => {
  expect(commandLine('guest-ping')).toBe('{"execute":"guest-ping"}\n');
  const sync = syncRequest(7);
  expect(sync[0]).toBe(0xff);
  expect(sync.subarray(1).toString()).toBe(
    '{"execute":"guest-sync-delimited","arguments":{"id":7}}\n',
  );
});
