/** Lists and watches over a store of things, without a socket. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageOf } from '../../../src/api/list.ts';
import { listOptionsOf, watchOptionsOf } from '../../../src/api/list-options.ts';
import { decodeToken, encodeToken } from '../../../src/api/page-token.ts';
import { type ApiObject, sourceOf } from '../../../src/api/source.ts';
import { watch } from '../../../src/api/watch.ts';
import { SnapshotStore } from '../../../src/supervisor/snapshot-store.ts';
import { Versions } from '../../../src/supervisor/versions.ts';

interface Thing {
  readonly name: string;
  readonly value: number;
  readonly version: number;
}

class Things {
  readonly store: SnapshotStore<Thing>;
  readonly source;

  constructor(first = 1) {
    let next = first;
    const versions = new Versions((count) => {
      next += count;
      return next - count;
    });
    this.store = new SnapshotStore(versions, (a, b) => (a.name < b.name ? -1 : 1));
    this.source = sourceOf(this.store, render);
  }

  put(name: string, value = 0): void {
    this.store.put(name, (version) => ({ name, value, version }));
  }

  remove(name: string): void {
    this.store.remove(name, (last, version) => ({ ...last, version }));
  }
}

function render({ name, value, version }: Thing): ApiObject & { readonly value: number } {
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    value,
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      resourceVersion: String(version),
      creationTimestamp: '',
    },
  };
}

const ALL = (): boolean => true;
const query = (values: Readonly<Record<string, string>>): URLSearchParams =>
  new URLSearchParams(values);

function list(things: Things, values: Readonly<Record<string, string>> = {}) {
  const { items, metadata } = pageOf(things.source, ALL, listOptionsOf(query(values)));
  return { names: items.map((o) => o.metadata.name), ...metadata };
}

describe('a list in pages', () => {
  test('shows one version, whatever happens in between', () => {
    const things = new Things();
    for (const name of ['a', 'b', 'c', 'd', 'e']) things.put(name);
    const first = list(things, { limit: '2' });
    expect([first.names, first.remainingItemCount]).toEqual([['a', 'b'], 3]);
    things.put('aa');
    things.remove('c');
    things.put('f');
    const second = list(things, { limit: '2', continue: first.continue ?? '' });
    expect(second.names).toEqual(['c', 'd']);
    const third = list(things, { continue: second.continue ?? '' });
    expect([third.names, third.continue]).toEqual([['e'], undefined]);
    expect(new Set([first, second, third].map((page) => page.resourceVersion)).size).toBe(1);
    expect(list(things).names).toEqual(['a', 'aa', 'b', 'd', 'e', 'f']);
  });

  test('is told to begin anew when its version is forgotten', () => {
    const things = new Things();
    for (const name of ['a', 'b']) things.put(name);
    const token = list(things, { limit: '1' }).continue ?? '';
    for (let n = 0; n < 5000; n += 1) things.put('b', n);
    expect(() => list(things, { continue: token })).toThrow('too old');
  });

  test('is told to begin anew when another daemon gave out its token', () => {
    const [things, next] = [new Things(5000), new Things(9000)];
    for (const name of ['a', 'b']) things.put(name);
    next.put('a');
    const later = encodeToken({ version: next.source.version() + 1, after: 'default/a' });
    for (const token of [list(things, { limit: '1' }).continue ?? '', later])
      expect(() => list(next, { continue: token })).toThrow('too old');
  });

  test.for(['x', Buffer.from('{"v":"meta.k8s.io/v1"}').toString('base64url'), '%'])(
    'refuses a token that is none: %s',
    (token) => {
      expect(() => list(new Things(), { continue: token })).toThrow('continue key is not valid');
    },
  );

  test('tokens say what was put into them', () => {
    const token = { version: 17, after: 'default/ümlaut,x' };
    expect(decodeToken(encodeToken(token))).toEqual(token);
  });
});

describe('the version of a list', () => {
  const things = new Things();
  things.put('a');
  const then = String(things.source.version());
  things.put('b');
  const now = String(things.source.version());
  const future = String(things.source.version() + 1);

  test.for<readonly [Readonly<Record<string, string>>, readonly string[], string]>([
    [{}, ['a', 'b'], now],
    [{ resourceVersion: '0' }, ['a', 'b'], now],
    [{ resourceVersion: then }, ['a', 'b'], now],
    [{ resourceVersion: then, resourceVersionMatch: 'NotOlderThan' }, ['a', 'b'], now],
    [{ resourceVersion: then, resourceVersionMatch: 'Exact' }, ['a'], then],
    [{ resourceVersion: now, resourceVersionMatch: 'Exact' }, ['a', 'b'], now],
    [{ resourceVersion: then, limit: '5' }, ['a'], then],
  ])('%j', ([values, names, version]) => {
    expect(list(things, values)).toEqual({ names, resourceVersion: version });
  });

  test.for<readonly [Readonly<Record<string, string>>, string]>([
    [{ resourceVersion: future }, 'Too large resource version'],
    [{ resourceVersion: '0', resourceVersionMatch: 'Exact' }, 'Forbidden'],
    [{ resourceVersionMatch: 'Exact' }, 'it needs a resourceVersion'],
    [{ resourceVersion: then, resourceVersionMatch: 'Older' }, 'Unsupported value: "Older"'],
    [{ resourceVersion: 'x' }, 'not one that this server gave out'],
    [{ limit: '-1' }, 'limit must be'],
    [{ sendInitialEvents: 'true' }, 'it is for watches'],
    [{ resourceVersion: then, continue: 'x' }, 'not allowed when using continue'],
  ])('%j is refused', ([values, words]) => {
    expect(() => list(things, values)).toThrow(words);
  });

  test('that nobody knows any more is told so', () => {
    const exact = { resourceVersion: then, resourceVersionMatch: 'Exact' };
    const others = new Things(5000);
    expect(() => list(others, exact)).toThrow('too old');
  });
});

interface Told {
  readonly type: string;
  readonly object: { readonly metadata: ApiObject['metadata']; readonly code?: number };
}

/** Reads a watch until it is over or told to stop. */
function watching(
  things: Things,
  values: Readonly<Record<string, string>> = {},
  selects: (object: { readonly value: number }) => boolean = ALL,
) {
  const stop = new AbortController();
  const reply = watch(things.source, selects, watchOptionsOf(query(values)), {
    change: (change) => change,
    bookmark: (version, annotations = {}) => ({
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: String(version), annotations } },
    }),
  });
  if (reply.kind !== 'stream') throw new Error('a watch is a stream');
  const chunks = reply.chunks(stop.signal)[Symbol.asyncIterator]();
  const seen: Told[] = [];
  const read = async (count: number): Promise<readonly Told[]> => {
    while (seen.length < count) {
      const { done, value } = await chunks.next();
      if (done === true) break;
      const lines = value.split('\n').filter((line) => line !== '');
      seen.push(...lines.map((line): Told => JSON.parse(line)));
    }
    return seen;
  };
  return { read, stop: () => stop.abort() };
}

const words = (told: readonly Told[]) =>
  told.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

describe('a watch', () => {
  test('without a version begins with what is there', async () => {
    const things = new Things();
    things.put('a');
    const seen = watching(things);
    expect(words(await seen.read(1))).toEqual(['ADDED a']);
    things.put('b');
    things.remove('a');
    expect(words(await seen.read(3))).toEqual(['ADDED a', 'ADDED b', 'DELETED a']);
    seen.stop();
    expect(words(await seen.read(4))).toHaveLength(3);
  });

  test('marks the end of what was there for those who ask for it', async () => {
    const things = new Things();
    things.put('a');
    const seen = watching(things, {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    });
    const [, bookmark] = await seen.read(2);
    expect(bookmark?.object.metadata).toEqual({
      resourceVersion: String(things.source.version()),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    });
    things.put('b');
    expect(words(await seen.read(3))).toEqual(['ADDED a', 'BOOKMARK', 'ADDED b']);
    seen.stop();
  });

  test('may begin with what comes next', async () => {
    const things = new Things();
    things.put('a');
    const seen = watching(things, {
      sendInitialEvents: 'false',
      resourceVersionMatch: 'NotOlderThan',
    });
    const first = seen.read(1);
    things.put('b');
    expect(words(await first)).toEqual(['ADDED b']);
    seen.stop();
  });

  test('ends with a bookmark when its time is over, at the version of everything', async () => {
    const things = new Things();
    things.put('a');
    const version = String(things.source.version());
    const values = {
      resourceVersion: version,
      allowWatchBookmarks: 'true',
      timeoutSeconds: '0.01',
    };
    const seen = await watching(things, values).read(2);
    expect(words(seen)).toEqual(['BOOKMARK']);
    expect(seen[0]?.object.metadata.resourceVersion).toBe(version);
  });

  test.for(['1', '999999'])('from a foreign version %s is told to list again', async (version) => {
    const things = new Things(5000);
    const seen = await watching(things, { resourceVersion: version }).read(2);
    expect(seen.map(({ type, object }) => [type, object.code])).toEqual([['ERROR', 410]]);
  });

  test('whose reader falls too far behind is told to list again, and held nothing for it', async () => {
    const things = new Things();
    things.put('a');
    const seen = watching(things);
    await seen.read(1);
    for (let n = 0; n < 10_000; n += 1) things.put('a', n);
    expect((await seen.read(3)).at(-1)?.object.code).toBe(410);
  });

  test('that selects sees things come and go as they start and stop to match', async () => {
    const things = new Things();
    const seen = watching(things, {}, ({ value }) => value > 0);
    const first = seen.read(4);
    things.put('a', 0);
    things.put('a', 1);
    things.put('a', 2);
    things.put('a', 0);
    things.put('b', 0);
    things.put('b', 3);
    things.remove('b');
    await first;
    const told = await seen.read(5);
    expect(words(told)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b', 'DELETED b']);
    const versions = told.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    seen.stop();
  });

  test.for<readonly [Readonly<Record<string, string>>, string]>([
    [{ sendInitialEvents: 'true' }, 'needs NotOlderThan'],
    [{ resourceVersion: '5', resourceVersionMatch: 'NotOlderThan' }, 'goes with sendInitialEvents'],
    [{ continue: 'x' }, 'it is for lists'],
    [{ timeoutSeconds: 'soon' }, 'not a number'],
  ])('refuses %j', ([values, message]) => {
    expect(() => watchOptionsOf(query(values))).toThrow(message);
  });
});

test('whoever lists at any version and follows the changes from there arrives at what is there', async () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: 0, max: 2 }),
    removes: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(), async (steps, at) => {
      const things = new Things();
      const selects = ({ value }: { readonly value: number }): boolean => value > 0;
      const versions = [things.source.version()];
      for (const { name, value, removes } of steps) {
        if (removes) things.remove(name);
        else things.put(name, value);
        versions.push(things.source.version());
      }
      const from = versions[at % versions.length] ?? 0;
      const cache = new Map(
        (things.source.at(from) ?? []).filter(selects).map((o) => [o.metadata.name, o.value]),
      );
      const told = await watching(
        things,
        { resourceVersion: String(from), timeoutSeconds: '0.001' },
        selects,
      ).read(Number.POSITIVE_INFINITY);
      for (const { type, object } of told) {
        const { name } = object.metadata;
        expect(cache.has(name)).toBe(type !== 'ADDED');
        if (type === 'DELETED') cache.delete(name);
        else cache.set(name, (object as unknown as { value: number }).value);
      }
      const present = things.source.list().filter(selects);
      expect(cache).toEqual(new Map(present.map((o) => [o.metadata.name, o.value])));
    }),
    { numRuns: 100 },
  );
});
