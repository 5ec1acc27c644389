import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { MemoryDump } from '../../src/qemu/memory-dump.ts';
import { NOW, qmpEvent } from '../support/build.ts';

const FILE = { here: tmpdir(), inQemu: '/q/memory.dump' };
const begun = (): MemoryDump => new MemoryDump({ now: () => NOW });
const refuses = (words: string) => () => Promise.reject(new Error(words));

test('QEMU is asked once, and what it tells is kept', async () => {
  const dump = begun();
  const asked: unknown[] = [];
  await dump.begin((...call) => Promise.resolve(asked.push(call)), FILE, 1);
  const args = expect.objectContaining({ protocol: 'file:/q/memory.dump' });
  expect(asked).toEqual([['dump-guest-memory', args, expect.any(Number)]]);
  expect(dump.state).toEqual({ kind: 'active', since: NOW });
  dump.take(qmpEvent('DUMP_COMPLETED', { result: { status: 'completed' } }));
  expect(dump).toMatchObject({ state: { kind: 'over' }, why: undefined });
});

test('one that an earlier daemon began goes on', async () => {
  const dump = begun();
  await dump.begin(refuses('There is a dump in process, please wait.'), FILE, 1);
  expect(dump.state).toEqual({ kind: 'active', since: NOW });
});

test('why there is none is known', async () => {
  const refused = begun();
  await refused.begin(refuses('no'), FILE, 1);
  expect(refused).toMatchObject({ state: { kind: 'over' }, why: 'no' });
  const failed = begun();
  const data = { result: { status: 'failed' }, error: 'No space left on device' };
  failed.take(qmpEvent('DUMP_COMPLETED', data));
  expect(failed).toMatchObject({ state: { kind: 'over' }, why: 'No space left on device' });
});

test('a memory for which there is no room is left alone', async () => {
  const dump = begun();
  await dump.begin(refuses('asked all the same'), FILE, 2 ** 60);
  expect(dump.state).toEqual({ kind: 'over' });
  expect(dump.why).toContain('too little room');
});
