import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CutOffError, NotHttpError, ResponseParser } from '../../../src/client/response-parser.ts';

/** What the parser makes of the bytes, in these portions, when the connection ends after them. */
function read(...portions: readonly Buffer[]): {
  code: number | undefined;
  body: string;
  complete: boolean;
} {
  const parser = new ResponseParser();
  const body = Buffer.concat(portions.flatMap((portion) => parser.push(portion))).toString();
  const { complete } = parser;
  parser.end();
  return { code: parser.code, body, complete };
}

const bytes = (text: string): Buffer => Buffer.from(text);
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe('a whole answer', () => {
  const cases: readonly (readonly [string, string, number, string, boolean])[] = [
    ['with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', 200, '{}', true],
    ['in any case of letters', 'HTTP/1.1 200 OK\r\nContent-LENGTH:2\r\n\r\n{}', 200, '{}', true],
    ['without a reason phrase', 'HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n', 404, '', true],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', 204, '', true],
    ['up to the end', 'HTTP/1.0 200 OK\r\n\r\nall', 200, 'all', false],
    [
      'in chunks',
      `HTTP/1.1 202 A\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('one, ')}${chunk('two')}0\r\n\r\n`,
      202,
      'one, two',
      true,
    ],
    [
      'in chunks with extension and trailer',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nx: y\r\n\r\n',
      200,
      'ok',
      true,
    ],
    [
      'after a provisional one',
      'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1',
      200,
      '1',
      true,
    ],
  ];
  test.for(cases)('%s', ([, text, code, body, complete]) => {
    expect(read(bytes(text))).toEqual({ code, body, complete });
  });
});

test('how the bytes are portioned makes no difference', () => {
  const body = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }));
  fc.assert(
    fc.property(body, fc.boolean(), fc.array(fc.nat()), (parts, chunked, cuts) => {
      const text = parts.join('');
      const answer = bytes(
        chunked
          ? `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${parts.map(chunk).join('')}0\r\n\r\n`
          : `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
      const at = cuts.map((cut) => cut % (answer.length + 1)).sort((a, b) => a - b);
      const portions = [0, ...at].map((from, i) => answer.subarray(from, at[i] ?? answer.length));
      expect(read(...portions)).toEqual({ code: 200, body: text, complete: true });
    }),
  );
});

test('an answer that ends anywhere before its end is cut off', () => {
  const answer = bytes(
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk('abc')}0\r\n\r\n`,
  );
  for (let length = 0; length < answer.length; length++)
    expect(() => read(answer.subarray(0, length)), String(length)).toThrow(CutOffError);
});

describe('what is not HTTP is refused', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['another protocol, at once', '{"QMP"'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    [
      'a chunk longer than it says',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n',
    ],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`],
    [
      'a chunk size without end',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1'.repeat(70_000)}`,
    ],
  ];
  test.for(cases)('%s', ([, text]) => {
    expect(() => new ResponseParser().push(bytes(text))).toThrow(NotHttpError);
  });
});

test('any bytes at all are read or refused, never more', () => {
  const heads = fc.constantFrom(
    '',
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 200 }), (head, noise) => {
      const parser = new ResponseParser();
      try {
        parser.push(Buffer.concat([bytes(head), noise]));
        parser.end();
      } catch (error) {
        expect([NotHttpError, CutOffError]).toContain((error as Error).constructor);
      }
    }),
  );
});
