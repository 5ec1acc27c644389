import { describe, expect, test } from 'vitest';
import { Board, type BoardChange } from '../../../src/supervisor/board.ts';
import type { SnapshotDraft } from '../../../src/supervisor/snapshot.ts';
import { Versions } from '../../../src/supervisor/versions.ts';
import { instanceRecord, vmRecord } from '../../support/build.ts';

function counter(start: number) {
  let next = start;
  return (count: number): number => {
    const first = next;
    next += count;
    return first;
  };
}

const boardFrom = (start: number) => new Board(new Versions(counter(start)));

function draft(name: string, file = '/a.yaml'): SnapshotDraft {
  return {
    key: `default/${name}`,
    namespace: 'default',
    name,
    uid: name,
    seenAt: 1,
    file,
    problems: [],
    conditions: [],
    instanceConditions: [],
    history: [],
  };
}

describe('the board', () => {
  test('takes a snapshot that says the same for no change', () => {
    const board = boardFrom(1);
    const changes: BoardChange[] = [];
    board.listen((change) => changes.push(change));
    board.publish(draft('a'));
    board.publish(draft('a'));
    board.publish(draft('a', '/b.yaml'));
    board.remove('default/a');
    board.remove('default/a');
    expect(changes.map((c) => c.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  });

  test('gives every change a higher version, beyond what was reserved at first', () => {
    const board = boardFrom(5000);
    const versions: number[] = [];
    board.listen((change) => versions.push(change.snapshot.resourceVersion));
    for (let i = 0; i < 2500; i += 1) board.publish(draft('a', `/${i}`));
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(versions[0]).toBeGreaterThan(5000);
  });

  test('replays what came after a version, and says when it has forgotten', () => {
    const board = boardFrom(1);
    board.publish(draft('a'));
    const seen = board.version;
    board.publish(draft('b'));
    expect(board.since(seen)?.map((c) => c.snapshot.name)).toEqual(['b']);
    expect(board.since(board.version)).toEqual([]);
    for (let i = 0; i < 5000; i += 1) board.publish(draft('c', `/${i}`));
    expect(board.since(seen)).toBeUndefined();
  });

  test('knows nothing of the versions of an earlier daemon', () => {
    expect(boardFrom(2001).since(1500)).toBeUndefined();
  });

  test('knows nothing of versions that were never given out', () => {
    const board = boardFrom(1);
    board.publish(draft('a'));
    expect(board.since(board.version + 1)).toBeUndefined();
  });

  test('tells what was there at any version that it remembers', () => {
    const board = boardFrom(1);
    const seen = new Map<number, string>();
    const state = () => board.all().map(({ name, file }) => `${name} ${file}`);
    const steps = [
      () => board.publish(draft('b')),
      () => board.publish(draft('a')),
      () => board.publish(draft('b', '/changed')),
      () => board.remove('default/a'),
      () => board.publish(draft('a', '/again')),
      () => board.remove('default/b'),
    ];
    for (const step of steps) {
      seen.set(board.version, state().join());
      step();
    }
    for (const [version, then] of seen)
      expect(
        board
          .at(version)
          ?.map(({ name, file }) => `${name} ${file}`)
          .join(),
      ).toBe(then);
    for (let i = 0; i < 5000; i += 1) board.publish(draft('c', `/${i}`));
    expect(board.at([...seen.keys()][1] ?? 0)).toBeUndefined();
  });

  test('gives an instance a version of its own, which stays while only the VM changes', () => {
    const board = boardFrom(1);
    const running = (file: string, paused: boolean): SnapshotDraft => ({
      ...draft('a', file),
      record: vmRecord('Always', { instance: instanceRecord({ pausedByUser: paused }) }),
    });
    const versions = () => {
      const { resourceVersion = 0, instanceVersion = 0 } = board.get('default/a') ?? {};
      return [resourceVersion, instanceVersion];
    };
    board.publish(running('/a', false));
    const [first, instance] = versions();
    expect(instance).toBe(first);
    board.publish(running('/b', false));
    expect(versions()).toEqual([(first ?? 0) + 1, instance]);
    board.publish(running('/b', true));
    expect(versions()).toEqual([(first ?? 0) + 2, (first ?? 0) + 2]);
  });
});
