import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createLedger,
  DEFAULT_SETTLE_MS,
  type DirectoryChange,
  forgetMissing,
  isNews,
  ledgerPaths,
  observe,
  REMOVAL_MS,
  type Sighting,
  SUSPICIOUS_SETTLE_MS,
} from '../../../src/host/vm-directory-ledger.ts';

/** Wall time of the first look; nothing in these tests depends on it. */
const START = 1_700_000_000_000;

/** A file last written at `writtenMs` (relative to the start). */
function file(fingerprint: string, writtenMs = -1e6, rest: Partial<Sighting> = {}): Sighting {
  return {
    fingerprint,
    fileId: fingerprint,
    size: 100,
    mtimeMs: START + writtenMs,
    shape: 'finished',
    ...rest,
  };
}

function look(ledger: ReturnType<typeof createLedger>, atMs: number, files: [string, Sighting][]) {
  return observe(ledger, new Map(files), { wallMs: START + atMs, monotonicMs: atMs });
}

const changed = (path: string): DirectoryChange => ({ kind: 'changed', path });
const removed = (path: string): DirectoryChange => ({ kind: 'removed', path });

describe('a new fingerprint', () => {
  test('is reported at once when the file has been left alone long enough', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    const seen = look(ledger, 0, [
      ['b', file('1')],
      ['a', file('2')],
    ]);
    expect(seen).toEqual({ changes: [changed('a'), changed('b')] });
    expect(
      look(ledger, 1, [
        ['b', file('1')],
        ['a', file('2')],
      ]),
    ).toEqual({ changes: [] });
  });

  test.for<[string, Partial<Sighting>, number]>([
    ['ends in a newline', {}, DEFAULT_SETTLE_MS],
    ['is half-written', { shape: 'unfinished' }, SUSPICIOUS_SETTLE_MS],
    ['leads nowhere', { shape: 'unreadable', mtimeMs: Number.POSITIVE_INFINITY }, REMOVAL_MS],
    ['is dated in the future', { mtimeMs: START + 1e9 }, DEFAULT_SETTLE_MS],
  ])('of a file that %s is reported after its settle time', ([, rest, settleMs]) => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    expect(look(ledger, 0, [['a', file('1', 0, rest)]])).toEqual({
      changes: [],
      lookAgainMs: settleMs,
    });
    const early = look(ledger, settleMs - 1, [['a', file('1', 0, rest)]]);
    expect(early).toEqual({ changes: [], lookAgainMs: 1 });
    expect(look(ledger, settleMs, [['a', file('1', 0, rest)]]).changes).toEqual([changed('a')]);
  });

  test('of a file that became shorter waits, for its rest may be on the way', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1', -1e6, { size: 100 })]]);
    const shorter = file('2', 1000, { size: 99 });
    expect(look(ledger, 1000, [['a', shorter]]).lookAgainMs).toBe(SUSPICIOUS_SETTLE_MS);
    const whole = file('3', 1000 + 40, { size: 120 });
    expect(look(ledger, 1040, [['a', whole]]).lookAgainMs).toBe(DEFAULT_SETTLE_MS);
    expect(look(ledger, 1070, [['a', whole]]).changes).toEqual([changed('a')]);
  });

  test('starts the wait anew when the file is written again', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1', 0)]]);
    expect(look(ledger, 29, [['a', file('2', 29)]])).toEqual({ changes: [], lookAgainMs: 30 });
    expect(look(ledger, 59, [['a', file('2', 29)]]).changes).toEqual([changed('a')]);
  });

  test('that goes back to what was reported is no news', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1')]]);
    look(ledger, 10, [['a', file('2', 10)]]);
    expect(look(ledger, 20, [['a', file('1')]])).toEqual({ changes: [] });
    expect(isNews(ledger, 'a', '1')).toBe(false);
    expect(isNews(ledger, 'a', '2')).toBe(true);
  });
});

describe('a missing file', () => {
  test('is removed once it has been missing for the removal time', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1')]]);
    expect(look(ledger, 1000, [])).toEqual({ changes: [], lookAgainMs: REMOVAL_MS });
    expect(look(ledger, 1000 + REMOVAL_MS - 1, []).changes).toEqual([]);
    expect(ledgerPaths(ledger)).toEqual(['a']);
    expect(look(ledger, 1000 + REMOVAL_MS, [])).toEqual({ changes: [removed('a')] });
    expect(ledgerPaths(ledger)).toEqual([]);
  });

  test('that comes back in time is changed, not removed', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1')]]);
    look(ledger, 1000, []);
    expect(look(ledger, 1299, [['a', file('2', 1000)]]).changes).toEqual([changed('a')]);
    expect(look(ledger, 1400, [['a', file('2', 1000)]])).toEqual({ changes: [] });
  });

  test('must be found missing afresh after the directory could not be listed', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1')]]);
    look(ledger, 1000, []);
    forgetMissing(ledger);
    expect(look(ledger, 9000, [])).toEqual({ changes: [], lookAgainMs: REMOVAL_MS });
  });

  test('that was never reported is forgotten without a word', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1', 0)]]);
    expect(look(ledger, 10, [])).toEqual({ changes: [] });
    expect(ledgerPaths(ledger)).toEqual([]);
  });

  test('that an earlier daemon knew is removed like any other', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS, ['a']);
    expect(look(ledger, 0, [])).toEqual({ changes: [], lookAgainMs: REMOVAL_MS });
    expect(look(ledger, REMOVAL_MS, []).changes).toEqual([removed('a')]);
  });
});

describe('a renamed file', () => {
  test('is removed and changed in one batch', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1')]]);
    const moved = file('2', -1e6, { fileId: '1' });
    expect(look(ledger, 10, [['b', moved]])).toEqual({ changes: [removed('a'), changed('b')] });
  });

  test('keeps its old name until the new one has settled, however long that takes', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [['a', file('1')]]);
    for (let at = 1000; at < 1000 + 2 * REMOVAL_MS; at += 20) {
      const moving = file(`2-${at}`, at, { fileId: '1' });
      expect(look(ledger, at, [['b', moving]])).toEqual({ changes: [], lookAgainMs: 30 });
    }
    const moved = file('3', 2000, { fileId: '1' });
    expect(look(ledger, 2030, [['b', moved]]).changes).toEqual([removed('a'), changed('b')]);
  });

  test('over another file takes the other one along', () => {
    const ledger = createLedger(DEFAULT_SETTLE_MS);
    look(ledger, 0, [
      ['a', file('1')],
      ['b', file('2')],
    ]);
    const moved = file('3', -1e6, { fileId: '2' });
    expect(look(ledger, 10, [['a', moved]]).changes).toEqual([removed('b'), changed('a')]);
  });
});

test('whatever happens in between, in the end the reports agree with the directory', () => {
  const names = ['a', 'b', 'c'];
  const sighting = fc.record({
    version: fc.integer({ min: 1, max: 4 }),
    id: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 0, max: 3 }),
    shape: fc.constantFrom('finished' as const, 'unfinished' as const, 'unreadable' as const),
    ageMs: fc.integer({ min: -500, max: 500 }),
  });
  const step = fc.record({
    afterMs: fc.integer({ min: 1, max: 400 }),
    files: fc.dictionary(fc.constantFrom(...names), sighting),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const ledger = createLedger(DEFAULT_SETTLE_MS);
      const reported = new Map<string, string>();
      let now = 0;
      const take = (files: [string, Sighting][]): number | undefined => {
        const { changes, lookAgainMs } = look(ledger, now, files);
        for (const { kind, path } of changes) {
          const found = files.find(([name]) => name === path)?.[1];
          if (kind === 'removed') {
            expect(reported.delete(path)).toBe(true);
            expect(found).toBeUndefined();
          } else reported.set(path, found?.fingerprint ?? 'missing');
        }
        return lookAgainMs;
      };
      let files: [string, Sighting][] = [];
      for (const { afterMs, files: next } of steps) {
        now += afterMs;
        files = Object.entries(next).map(([name, { version, id, size, shape, ageMs }]) => [
          name,
          { ...file(`${id}-${version}-${size}`, now - ageMs), fileId: `${id}`, size, shape },
        ]);
        take(files);
      }
      for (let wait = take(files); wait !== undefined; wait = take(files)) now += wait;
      expect(reported).toEqual(
        new Map(files.map(([name, { fingerprint }]) => [name, fingerprint])),
      );
    }),
  );
});

test('a look at what hints name and at what is pending finds what a look at all finds', () => {
  const step = fc.record({
    path: fc.constantFrom('a', 'b', 'c', 'd'),
    // Undefined: the file is removed. The same fingerprint under another name: it was renamed.
    print: fc.option(fc.constantFrom('1', '2', '3', '4', '5'), { nil: undefined }),
    shape: fc.constantFrom('finished' as const, 'unfinished' as const),
    waitMs: fc.constantFrom(0, 5, 31, 260, 400),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const whole = createLedger(DEFAULT_SETTLE_MS, ['a', 'gone']);
      const part = createLedger(DEFAULT_SETTLE_MS, ['a', 'gone']);
      const files = new Map<string, Sighting>();
      let atMs = 0;
      let first = true;
      for (const { path, print, shape, waitMs } of steps) {
        atMs += waitMs;
        if (print === undefined) files.delete(path);
        else files.set(path, file(print, atMs, { shape }));
        const now = { wallMs: START + atMs, monotonicMs: atMs };
        const scope = first ? undefined : new Set([path, ...part.pending]);
        const seen = [...files].filter(([name]) => scope?.has(name) ?? true);
        expect(observe(part, new Map(seen), now, scope)).toEqual(observe(whole, files, now));
        first = false;
      }
      expect(ledgerPaths(part)).toEqual(ledgerPaths(whole));
    }),
  );
});
