/**
 * What the state database keeps.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { MAX_RUNS_PER_VM, StateDb } from '../../../src/host/state-db.ts';
import { MAX_EVENTS, type StoredEvent } from '../../../src/host/state-events.ts';
import type { Logger } from '../../../src/ports.ts';
import { EVIDENCE, event, INSTANCE, reopened, run, services, vm, WEB } from './state-support.ts';
import { silentLog, temporaryDirectory, until } from './support.ts';

describe('records', () => {
  test('survive, sorted, in their last version, with every field', async () => {
    await using tmp = await temporaryDirectory();
    const full = vm('web', {
      backoff: { unstable: 2, retryAt: 9 },
      startRequest: { paused: true, at: 1 },
      instance: INSTANCE,
      pendingWrite: { to: 'Halted', effects: { startRequest: null, lastRun: 'Stopped' }, at: 1 },
    });
    reopened(tmp.path, (db) => {
      db.saveVm(vm('web'));
      db.saveVm(vm('db'));
      db.saveVm(full);
    });
    expect(reopened(tmp.path, (db) => db.vms())).toEqual([vm('db'), full]);
  });

  test('of ends count all runs, each once, also those that are no longer kept', async () => {
    await using tmp = await temporaryDirectory();
    const many = MAX_RUNS_PER_VM + 5;
    reopened(tmp.path, (db) => {
      db.saveVm(vm('web'));
      for (let index = 0; index < many; index += 1)
        db.appendRun(WEB, run(`run-${index}`), EVIDENCE);
      // Judged a second time.
      db.appendRun(WEB, run(`run-${many - 1}`), EVIDENCE);
    });
    const { outcome, reason } = run('x').verdict;
    const counts = [{ ...WEB, outcome, reason, count: many }];
    reopened(tmp.path, (db) => {
      expect(db.endCounts()).toEqual(counts);
      // One whose name begins with that of the other.
      db.appendRun({ namespace: 'default', name: 'web2' }, run('other'), EVIDENCE);
      db.deleteVm(WEB);
      expect(db.endCounts()).toEqual([{ ...counts[0], name: 'web2', count: 1 }]);
    });
  });

  test('of a deleted VM go with its runs, those of others stay', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      for (const name of ['web', 'db']) {
        db.saveVm(vm(name));
        db.appendRun({ namespace: 'default', name }, run(`run-${name}`), EVIDENCE);
      }
      db.deleteVm(WEB);
      expect(db.vms()).toEqual([vm('db')]);
      expect(db.runs(WEB)).toEqual([]);
      expect(db.runs({ namespace: 'default', name: 'db' })).toHaveLength(1);
    });
  });

  test.for<[string, string, RegExp]>([
    ['no JSON', '{', /not JSON/],
    ['a list', '[]', /the record must be an object/],
    [
      'an unknown strategy',
      JSON.stringify({ ...vm('bad'), strategy: 'Never' }),
      /^strategy must be one of Always/,
    ],
    [
      'a missing field',
      JSON.stringify({ ...vm('bad'), uid: undefined }),
      /^uid must be text, found nothing/,
    ],
    [
      'a bad field deep inside',
      JSON.stringify({ ...vm('bad'), instance: { ...INSTANCE, process: { pid: '1' } } }),
      /^instance\.process\.pid must be a number, found "1"/,
    ],
    ['the record of another VM', JSON.stringify(vm('other')), /another name/],
  ])('with %s are set aside and reported, the rest is there', async ([, text, reason]) => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      db.saveVm(vm('bad'));
      db.saveVm(vm('web'));
    });
    using raw = new DatabaseSync(join(tmp.path, 'state.db'));
    raw.prepare("UPDATE vms SET record = ? WHERE name = 'bad'").run(text);
    const warnings: object[] = [];
    const log: Logger = { ...silentLog, warn: (fields) => warnings.push(fields) };
    const { db } = StateDb.open(tmp.path, { ...services, log });
    using open = db;
    expect(open.vms()).toEqual([vm('web')]);
    expect(open.vms()).toEqual([vm('web')]);
    const key = 'default/bad';
    expect(warnings).toEqual([{ source: 'vms', key, reason: expect.stringMatching(reason) }]);
    expect(raw.prepare('SELECT key, value FROM unreadable').all()).toEqual([{ key, value: text }]);
  });
});

describe('runs', () => {
  test('are kept newest first, at most a hundred for each VM', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      db.appendRun({ ...WEB, name: 'other' }, run('other'), EVIDENCE);
      db.transaction(() => {
        for (let n = 0; n < MAX_RUNS_PER_VM + 5; n += 1) db.appendRun(WEB, run(`r${n}`), EVIDENCE);
      });
    });
    reopened(tmp.path, (db) => {
      const uids = db.runs(WEB).map(({ entry }) => entry.uid);
      expect(uids).toHaveLength(MAX_RUNS_PER_VM);
      expect([uids.at(0), uids.at(-1)]).toEqual(['r104', 'r5']);
      expect(db.runs(WEB, 2)).toEqual([
        { entry: run('r104'), evidence: EVIDENCE },
        { entry: run('r103'), evidence: EVIDENCE },
      ]);
      expect(db.runs({ ...WEB, name: 'other' })).toHaveLength(1);
    });
  });

  test('stored twice are there once', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      db.appendRun(WEB, run('r1'), EVIDENCE);
      db.appendRun(WEB, run('r1'), { ...EVIDENCE, consoleTail: 'more' });
      expect(db.runs(WEB).map(({ evidence }) => evidence.consoleTail)).toEqual(['more']);
    });
  });

  test('that are unreadable are set aside', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      db.appendRun(WEB, run('r1'), EVIDENCE);
      db.appendRun(WEB, run('r2'), EVIDENCE);
    });
    using raw = new DatabaseSync(join(tmp.path, 'state.db'));
    raw.exec(`UPDATE runs SET evidence = '{"alive":1}' WHERE uid = 'r1'`);
    expect(reopened(tmp.path, (db) => db.runs(WEB).map(({ entry }) => entry.uid))).toEqual(['r2']);
    expect(raw.prepare('SELECT source, key, reason FROM unreadable').all()).toEqual([
      { source: 'runs', key: 'default/web/r1', reason: 'alive must be true or false, found 1' },
    ]);
  });
});

describe('events', () => {
  test('are listed oldest first, by VM or all, the latest when there are more than wanted', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      const mine = event(3, { type: 'Warning', instanceUid: 'i-1' });
      db.saveEvent(event(1));
      db.saveEvent(event(2, { name: 'db' }));
      db.saveEvent(mine);
      db.saveEvent(event(4, { namespace: 'lab' }));
      const uids = (list: readonly StoredEvent[]): string[] => list.map(({ uid }) => uid);
      expect(uids(db.events())).toEqual(['e-1', 'e-2', 'e-3', 'e-4']);
      expect(uids(db.events({}, 2))).toEqual(['e-3', 'e-4']);
      expect(uids(db.events({ namespace: 'default' }, 10))).toEqual(['e-1', 'e-2', 'e-3']);
      expect(db.events(WEB, 10)).toEqual([event(1), mine]);
    });
  });

  test('that happen again are counted, whatever they are about', async () => {
    await using tmp = await temporaryDirectory();
    const again = event(1, { at: 9, count: 2, about: 'vm', vmUid: 'v-1', instanceUid: 'i-1' });
    reopened(tmp.path, (db) => {
      db.saveEvent({ ...again, at: 1, count: 1 });
      db.saveEvent(event(2));
      db.saveEvent(again);
    });
    expect(reopened(tmp.path, (db) => db.events())).toEqual([again, event(2)]);
  });

  test('are bounded', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      db.transaction(() => {
        for (let n = 0; n < MAX_EVENTS + 3; n += 1) db.saveEvent(event(n));
      });
      const events = db.events({}, MAX_EVENTS * 2);
      expect([events.length, events.at(0)?.uid]).toEqual([MAX_EVENTS, 'e-3']);
    });
  });
});

describe('resource versions', () => {
  test('never come twice, over restarts and a lost database', async () => {
    await using tmp = await temporaryDirectory();
    const first = reopened(tmp.path, (db) => [
      db.reserveResourceVersions(10),
      db.reserveResourceVersions(1),
    ]);
    expect(first).toEqual([1, 11]);
    expect(reopened(tmp.path, (db) => db.reserveResourceVersions(100))).toBe(12);
    await writeFile(join(tmp.path, 'state.db'), 'x'.repeat(5000));
    expect(reopened(tmp.path, (db) => db.reserveResourceVersions(1))).toBeGreaterThan(112);
  });
});

test('notes are kept by name', async () => {
  await using tmp = await temporaryDirectory();
  reopened(tmp.path, (db) => {
    db.saveNote('vm-directory', 'a');
    db.saveNote('vm-directory', 'b');
  });
  expect(reopened(tmp.path, (db) => [db.note('vm-directory'), db.note('other')])).toEqual([
    'b',
    undefined,
  ]);
});

describe('transactions', () => {
  test('store all or nothing, also when one is inside another', async () => {
    await using tmp = await temporaryDirectory();
    reopened(tmp.path, (db) => {
      expect(db.transaction(() => db.reserveResourceVersions(1))).toBe(1);
      const failing = () =>
        db.transaction(() => {
          db.saveVm(vm('web'));
          db.appendRun(WEB, run('r1'), EVIDENCE);
          throw new Error('changed my mind');
        });
      expect(failing).toThrow('changed my mind');
      expect([db.vms(), db.runs(WEB)]).toEqual([[], []]);
      db.saveVm(vm('web'));
    });
    expect(reopened(tmp.path, (db) => db.vms())).toEqual([vm('web')]);
  });

  test('that were acknowledged survive the death of the process', async () => {
    await using tmp = await temporaryDirectory();
    const script = join(import.meta.dirname, 'save-forever.ts');
    const child = spawn(process.execPath, [script, tmp.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    await until('it has saved a few', () => output.split('\n').length > 20);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    const acknowledged = Number(output.trimEnd().split('\n').at(-1));
    reopened(tmp.path, (db) => {
      expect(db.vms()[0]?.generation).toBeGreaterThanOrEqual(acknowledged);
      expect(db.reserveResourceVersions(1)).toBeGreaterThan(acknowledged);
    });
  });
});
