import { describe, expect, test } from 'vitest';
import { renderVm } from '../../../src/api/render-vm.ts';
import { Renderings } from '../../../src/api/renderings.ts';
import { Board } from '../../../src/supervisor/board.ts';
import type { SnapshotDraft, VmSnapshot } from '../../../src/supervisor/snapshot.ts';
import { Versions } from '../../../src/supervisor/versions.ts';

function draft(file: string): SnapshotDraft {
  const id = { key: 'default/a', namespace: 'default', name: 'a', uid: 'a' };
  const lists = { problems: [], conditions: [], instanceConditions: [], history: [] };
  return { ...id, ...lists, seenAt: 1, file };
}

function shown(file: string): { readonly board: Board; readonly snapshot: VmSnapshot } {
  let next = 1;
  const board = new Board(
    new Versions((count) => {
      next += count;
      return next - count;
    }),
  );
  board.publish(draft(file));
  const snapshot = board.get('default/a');
  if (snapshot === undefined) throw new Error('it is not shown');
  return { board, snapshot };
}

describe('renderings', () => {
  test('of one state are one object', () => {
    const { board, snapshot } = shown('/a.yaml');
    const { of } = new Renderings(board, renderVm);
    expect(of(snapshot)).toEqual(renderVm(snapshot));
    expect(of(snapshot)).toBe(of(snapshot));
  });

  test('of another state are others, and an old state is still told as it was', () => {
    const { board, snapshot } = shown('/a.yaml');
    const { of } = new Renderings(board, renderVm);
    const before = of(snapshot);
    board.publish(draft('/b.yaml'));
    const [now] = board.all();
    if (now === undefined) throw new Error('it is not shown');
    expect(of(now)?.status.file).toBe('/b.yaml');
    expect(of(snapshot)).toEqual(before);
    expect(of(now)?.status.file).toBe('/b.yaml');
  });

  test('that are nothing are made once, too', () => {
    const { board, snapshot } = shown('/a.yaml');
    let asked = 0;
    const { of } = new Renderings(board, () => {
      asked += 1;
      return undefined;
    });
    expect([of(snapshot), of(snapshot), asked]).toEqual([undefined, undefined, 1]);
  });
});
