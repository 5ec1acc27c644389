import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  journalEntry,
  MAX_ENTRY_BYTES,
  MAX_VALUE_BYTES,
} from '../../../../src/core/systemd/journal-entry.ts';
import { decodeEntry } from '../../../support/service-manager.ts';

function decoded(fields: Record<string, unknown>, level = 'info'): Record<string, string> {
  return Object.fromEntries(decodeEntry(journalEntry({ level, msg: 'm', fields })));
}

test('an entry says what happened to which VM, under names to filter by', () => {
  const fields = {
    vm: 'default/web',
    action: 'conclude',
    reason: 'the instance has ended',
    instance: '6b1e',
    outcome: 'Failed',
    verdict: 'GuestPanicked',
    retryAt: 'later',
  };
  expect(decodeEntry(journalEntry({ level: 'info', msg: 'pass', fields }))).toEqual([
    ['MESSAGE', 'web: conclude – the instance has ended: Failed, GuestPanicked; next try at later'],
    ['PRIORITY', '6'],
    ['SYSLOG_IDENTIFIER', 'solovirt'],
    ['SOLOVIRT_VM', 'default/web'],
    ['SOLOVIRT_ACTION', 'conclude'],
    ['SOLOVIRT_WHY', 'the instance has ended'],
    ['SOLOVIRT_INSTANCE', '6b1e'],
    ['SOLOVIRT_OUTCOME', 'Failed'],
    ['SOLOVIRT_REASON', 'GuestPanicked'],
    ['SOLOVIRT_RETRY_AT', 'later'],
  ]);
});

test('the bytes are those of the protocol', () => {
  const text = (value: string): string =>
    Buffer.from(journalEntry({ level: 'error', msg: 'm', fields: { a: value } })).toString(
      'latin1',
    );
  const head = 'PRIORITY=3\nSYSLOG_IDENTIFIER=solovirt\n';
  expect(text('b=c')).toBe(`MESSAGE=m (a b=c)\n${head}SOLOVIRT_A=b=c\n`);
  expect(text('b\nc')).toBe(
    `MESSAGE\n\x09\0\0\0\0\0\0\0m (a b\nc)\n${head}SOLOVIRT_A\n\x03\0\0\0\0\0\0\0b\nc\n`,
  );
});

test.for([
  ['error', '3'],
  ['warn', '4'],
  ['info', '6'],
  ['debug', '7'],
  ['unheard-of', '6'],
] as const)('level %s is priority %s', ([level, priority]) => {
  expect(decoded({}, level)['PRIORITY']).toBe(priority);
});

test.for([
  ['retryAt', 'SOLOVIRT_RETRY_AT'],
  ['a.b-c', 'SOLOVIRT_A_B_C'],
  ['', 'SOLOVIRT_'],
  ['__proto__', 'SOLOVIRT__PROTO_'],
  ['constructor', 'SOLOVIRT_CONSTRUCTOR'],
  ['x\nMESSAGE=forged', 'SOLOVIRT_X_MESSAGE_FORGED'],
  ['ü', 'SOLOVIRT__'],
  ['x'.repeat(100), `SOLOVIRT_${'X'.repeat(55)}`],
] as const)('field %j is %s', ([key, name]) => {
  const entry = decodeEntry(
    journalEntry({ level: 'info', msg: 'm', fields: Object.fromEntries([[key, '1']]) }),
  );
  expect(entry.at(-1)).toEqual([name, '1']);
});

test('an error gives its message and its stack', () => {
  const error = { type: 'Error', message: 'no\nspace', stack: 'Error: no space\n    at x' };
  expect(decoded({ error })).toMatchObject({
    MESSAGE: 'm: no\nspace',
    SOLOVIRT_ERROR: 'no\nspace',
    SOLOVIRT_STACK: 'Error: no space\n    at x',
  });
});

test('what is nested is one value, so that no value becomes a name', () => {
  const fields = { topic: { 'MESSAGE=forged\n': 1 }, list: [1, 'a'], none: null, no: undefined };
  expect(Object.keys(decoded(fields))).toEqual([
    'MESSAGE',
    'PRIORITY',
    'SYSLOG_IDENTIFIER',
    'SOLOVIRT_TOPIC',
    'SOLOVIRT_LIST',
  ]);
});

test('a long value is cut at a character and says so', () => {
  const value = decoded({ note: 'ü'.repeat(MAX_VALUE_BYTES) })['SOLOVIRT_NOTE'] ?? '';
  expect(Buffer.byteLength(value)).toBeLessThanOrEqual(MAX_VALUE_BYTES);
  expect(Buffer.byteLength(value)).toBeGreaterThan(MAX_VALUE_BYTES - 4);
  expect(value).toMatch(/^ü+… \(cut, 65536 bytes in all\)$/);
});

const anyValue = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\n', '=', '\0', 'a', '\u001b', 'ü') }),
  fc.integer(),
  fc.boolean(),
);

test('every value comes back as it was, and every name is one that the journal takes', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), anyValue), (fields) => {
      const { error: _, ...plain } = fields;
      const entry = decodeEntry(journalEntry({ level: 'info', msg: 'm', fields: plain }));
      expect(entry.slice(3).map(([, value]) => value)).toEqual(
        Object.values(plain).map((value) => String(value).toWellFormed()),
      );
      // systemd, journal_field_valid(): not longer than 64, no leading underscore or digit.
      for (const [name] of entry) expect(name).toMatch(/^[A-Z][A-Z0-9_]{0,63}$/);
    }),
  );
});

test('no entry is larger than a datagram may be, and its first fields are whole', () => {
  const long = fc.nat(80_000).map((length) => 'x'.repeat(length));
  fc.assert(
    fc.property(fc.array(long, { maxLength: 12 }), (values) => {
      const fields = Object.fromEntries(values.map((value, index) => [`f${index}`, value]));
      const bytes = journalEntry({
        level: 'info',
        msg: 'm',
        fields: { vm: 'default/web', ...fields },
      });
      expect(bytes.length).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
      expect(decodeEntry(bytes)[3]).toEqual(['SOLOVIRT_VM', 'default/web']);
    }),
    { numRuns: 30 },
  );
});
