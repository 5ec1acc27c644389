import { describe, expect, test } from 'vitest';
import { Board, type BoardChange } from '../../../src/supervisor/board.ts';
import type { VmSnapshot } from '../../../src/supervisor/snapshot.ts';

function counter(start: number) {
  let next = start;
  return (count: number): number => {
    const first = next;
    next += count;
    return first;
  };
}

function draft(name: string, file = '/a.yaml'): Omit<VmSnapshot, 'resourceVersion'> {
  return {
    key: `default/${name}`,
    namespace: 'default',
    name,
    uid: name,
    seenAt: 1,
    file,
    problems: [],
    history: [],
  };
}

describe('the board', () => {
  test('takes a snapshot that says the same for no change', () => {
    const board = new Board(counter(1));
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
    const board = new Board(counter(5000));
    const versions: number[] = [];
    board.listen((change) => versions.push(change.snapshot.resourceVersion));
    for (let i = 0; i < 2500; i += 1) board.publish(draft('a', `/${i}`));
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(versions[0]).toBeGreaterThan(5000);
  });

  test('replays what came after a version, and says when it has forgotten', () => {
    const board = new Board(counter(1));
    board.publish(draft('a'));
    const seen = board.version;
    board.publish(draft('b'));
    expect(board.since(seen)?.map((c) => c.snapshot.name)).toEqual(['b']);
    expect(board.since(board.version)).toEqual([]);
    for (let i = 0; i < 5000; i += 1) board.publish(draft('c', `/${i}`));
    expect(board.since(seen)).toBeUndefined();
  });

  test('knows nothing of the versions of an earlier daemon', () => {
    expect(new Board(counter(2001)).since(1500)).toBeUndefined();
  });
});
