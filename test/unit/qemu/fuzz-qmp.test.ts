/** What comes out of a monitor or a journal may be anything: all who read it take it, and none throws. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Evidence } from '../../../src/core/model/evidence.ts';
import { NO_RESETS, tallyReset } from '../../../src/core/status/resets.ts';
import { verdict } from '../../../src/core/verdict/verdict.ts';
import type { Logger } from '../../../src/ports.ts';
import { parseExitFile } from '../../../src/qemu/exit-file.ts';
import { parseIntentLine } from '../../../src/qemu/intent.ts';
import { parseJournal } from '../../../src/qemu/journal.ts';
import { parseProcessFile, parseStat } from '../../../src/qemu/process-identity.ts';
import { qcow2References } from '../../../src/qemu/qcow2-header.ts';
import { QmpProtocolError } from '../../../src/qemu/qmp-error.ts';
import { lineSplitter } from '../../../src/qemu/qmp-lines.ts';
import { parseQmpLine } from '../../../src/qemu/qmp-message.ts';
import { EventLog } from '../../../src/supervisor/event-log.ts';
import { GuestEvents } from '../../../src/supervisor/guest-events.ts';
import { Versions } from '../../../src/supervisor/versions.ts';

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

const EVENTS = [
  'SHUTDOWN',
  'RESET',
  'RESUME',
  'STOP',
  'GUEST_PANICKED',
  'GUEST_CRASHLOADED',
  'WATCHDOG',
  'BLOCK_IO_ERROR',
  'BLOCK_IMAGE_CORRUPTED',
  'POWERDOWN',
  '__proto__',
  'constructor',
];

/** Messages that look like QMP, with anything in place of what belongs there. */
const odd = fc.oneof(fc.jsonValue(), fc.constantFrom('guest-shutdown', 'guest-reset', true, false));
const message = fc.oneof(
  fc.record(
    {
      event: fc.oneof(fc.constantFrom(...EVENTS), fc.jsonValue()),
      data: fc.oneof(fc.record({ guest: odd, reason: odd, action: odd, msg: odd }), fc.jsonValue()),
      timestamp: fc.oneof(
        fc.record({ seconds: fc.oneof(fc.integer(), odd), microseconds: fc.oneof(fc.nat(), odd) }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ['event'] },
  ),
  fc.record({ QMP: fc.jsonValue() }),
  fc.record({ return: fc.jsonValue(), id: fc.jsonValue() }, { requiredKeys: [] }),
  fc.record({ error: fc.jsonValue(), id: fc.jsonValue() }, { requiredKeys: ['error'] }),
  fc.jsonValue(),
);
const line = fc.oneof(
  { weight: 3, arbitrary: message.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

test('a line is one message of a known kind', () => {
  const kinds = ['greeting', 'return', 'error', 'event', 'unknown', 'garbage'];
  fc.assert(fc.property(line, (text) => kinds.includes(parseQmpLine(text).kind)));
});

test('bytes in pieces become lines within bounds, or the end of the session', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 500 }), (chunks, most) => {
      const split = lineSplitter(most);
      try {
        // A byte that is no UTF-8 becomes a character of three.
        for (const chunk of chunks)
          for (const text of split(Buffer.from(chunk)))
            expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3 * most);
      } catch (error) {
        expect(error).toBeInstanceOf(QmpProtocolError);
      }
    }),
  );
});

test('a journal of anything leads to a verdict, and to notes of one short line', () => {
  const journal = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(journal, fc.boolean(), (text, sameBoot) => {
      const events = parseJournal(text);
      const evidence: Evidence = {
        alive: false,
        sameBoot,
        events,
        intents: [],
        stderrTail: '',
        consoleTail: '',
      };
      expect(verdict(evidence)?.outcome).toMatch(/^(Succeeded|Failed)$/);
      events.reduce(tallyReset, NO_RESETS);
      const store = {
        saveEvent: ({ message: words }: { message: string }) => {
          expect(words).not.toContain('\n');
          expect(words.length).toBeLessThan(1000);
        },
        events: () => [],
      };
      const notes = new GuestEvents(
        new EventLog(store, new Versions(() => 1), { now: () => 0 }, SILENT),
      );
      for (const event of events) notes.take({ namespace: 'default', name: 'a' }, event, undefined);
    }),
    { numRuns: 500 },
  );
});

test('files of evidence hold what they may, or nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const parse of [parseExitFile, parseProcessFile, parseStat, parseIntentLine])
        parse(text);
    }),
  );
});

test('the header of an image names a file within it, or none', () => {
  const header = fc
    .tuple(
      fc.uint8Array({ minLength: 104, maxLength: 2000 }),
      fc.nat({ max: 1100 }),
      fc.nat({ max: 2100 }),
    )
    .map(([bytes, size, offset]) => {
      const head = Buffer.from(bytes);
      head.writeUInt32BE(0x514649fb, 0);
      head.writeUInt32BE(3, 4);
      head.writeBigUInt64BE(BigInt(offset), 8);
      head.writeUInt32BE(size, 16);
      return head;
    });
  fc.assert(
    fc.property(fc.oneof(header, fc.uint8Array().map(Buffer.from)), (head) => {
      const name = qcow2References(head)?.backing;
      expect(name === undefined || name.length <= 1023).toBe(true);
    }),
  );
});
