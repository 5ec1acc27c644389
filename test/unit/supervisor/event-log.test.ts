import { expect, test } from 'vitest';
import type { StoredEvent } from '../../../src/host/state-events.ts';
import type { Logger } from '../../../src/ports.ts';
import { EventLog } from '../../../src/supervisor/event-log.ts';
import { Versions } from '../../../src/supervisor/versions.ts';
import { NOW } from '../../support/build.ts';

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};
const VM = { namespace: 'default', name: 'web', uid: 'v-1' };
const PAUSED = { type: 'Normal', reason: 'Paused', message: 'paused', instanceUid: 'i-1' } as const;

function logged(stored: readonly StoredEvent[] = []) {
  const saved = new Map<string, StoredEvent>();
  const clock = { at: NOW, now: () => clock.at };
  const store = {
    saveEvent: (event: StoredEvent): void => void saved.set(event.uid, event),
    events: () => stored,
  };
  let next = 1;
  const versions = new Versions((count) => {
    next += count;
    return next - count;
  });
  return { log: new EventLog(store, versions, clock, SILENT), clock, saved };
}

test('what happens again to one instance is counted, and stored as one', () => {
  const { log, clock, saved } = logged();
  log.note(VM, PAUSED);
  clock.at += 60_000;
  log.note(VM, PAUSED);
  const expected = { count: 2, firstAt: NOW, at: NOW + 60_000, about: 'instance', vmUid: 'v-1' };
  expect(log.snapshots.all()).toMatchObject([expected]);
  expect([...saved.values()]).toMatchObject([expected]);
  expect(log.snapshots.since(log.snapshots.version - 1)).toMatchObject([
    { type: 'MODIFIED', previous: { count: 1 }, snapshot: { count: 2 } },
  ]);
});

test('what happens long after, to another instance, or to another VM of that name is news', () => {
  const { log, clock } = logged();
  log.note(VM, PAUSED);
  log.note(VM, { ...PAUSED, instanceUid: 'i-2' });
  log.note({ ...VM, uid: 'v-2' }, PAUSED);
  log.note(VM, { ...PAUSED, about: 'vm' });
  clock.at += 700_000;
  log.note(VM, PAUSED);
  expect(log.snapshots.all().map(({ count }) => count)).toEqual([1, 1, 1, 1, 1]);
});

test('a new daemon goes on counting where the last one stood, also when the clock went back', () => {
  const first = logged();
  first.log.note(VM, PAUSED);
  const { log, clock } = logged([...first.saved.values()]);
  clock.at -= 5000;
  log.note(VM, PAUSED);
  expect(log.snapshots.all()).toMatchObject([{ count: 2, firstAt: NOW, at: NOW + 1 }]);
});

test('the latest thousand are listed, and whoever watches sees the oldest go', () => {
  const { log } = logged();
  const began = log.snapshots.version;
  for (let n = 0; n < 1002; n += 1) log.note(VM, { ...PAUSED, message: `${n}` });
  expect(
    log.snapshots
      .all()
      .map(({ message }) => message)
      .at(0),
  ).toBe('2');
  expect(log.snapshots.all()).toHaveLength(1000);
  const gone = log.snapshots.since(began)?.filter(({ type }) => type === 'DELETED');
  expect(gone?.map(({ snapshot }) => snapshot.message)).toEqual(['0', '1']);
});

test('an event that cannot be stored is told all the same', () => {
  const { log } = logged();
  const heard: string[] = [];
  const failing = new EventLog(
    {
      saveEvent: () => {
        throw new Error('no space');
      },
      events: () => [],
    },
    new Versions(() => 1),
    { now: () => NOW },
    SILENT,
  );
  failing.listen(({ reason }) => heard.push(reason));
  failing.note(VM, PAUSED);
  expect([heard, failing.snapshots.all().length, log.snapshots.all().length]).toEqual([
    ['Paused'],
    1,
    0,
  ]);
});
