import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBlockStats, queryDeviceUse } from '../../../src/qemu/guest-stats.ts';
import { parseProcessUse } from '../../../src/qemu/process-use.ts';

const STATS = {
  rd_bytes: 512,
  wr_bytes: 1024,
  rd_operations: 1,
  wr_operations: 2,
  flush_operations: 3,
  rd_total_time_ns: 1_500_000_000,
  wr_total_time_ns: 2_000_000_000,
  flush_total_time_ns: 0,
};
const USE = {
  readBytes: 512,
  writeBytes: 1024,
  readOperations: 1,
  writeOperations: 2,
  flushOperations: 3,
  readSeconds: 1.5,
  writeSeconds: 2,
  flushSeconds: 0,
};

test('disks are told by the names of their nodes, whatever the order', () => {
  const answer = [
    { 'node-name': 'd1', stats: STATS },
    { 'node-name': 'other', stats: STATS },
    { 'node-name': 'd0', stats: { ...STATS, rd_bytes: 7 } },
  ];
  expect(parseBlockStats(answer, 3)).toEqual([{ ...USE, readBytes: 7 }, USE, undefined]);
});

test('what is no number counts as none', () => {
  const stats = { ...STATS, rd_bytes: -1, wr_bytes: '9', rd_operations: Number.POSITIVE_INFINITY };
  expect(parseBlockStats([{ 'node-name': 'd0', stats }], 1)).toEqual([
    { ...USE, readBytes: 0, writeBytes: 0, readOperations: 0 },
  ]);
});

test('a QEMU that was taken over can answer anything', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 5 }), (answer, disks) => {
      const found = parseBlockStats(answer as never, disks);
      expect(found).toHaveLength(disks);
      for (const use of found)
        for (const value of Object.values(use ?? {})) expect(value).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('only what the machine has is asked for', async () => {
  const asked: string[] = [];
  const execute = (command: string) => {
    asked.push(command);
    return Promise.resolve(command === 'query-balloon' ? { actual: 4096 } : []);
  };
  expect(await queryDeviceUse(execute, { disks: 0, balloon: false })).toEqual({ disks: [] });
  expect(asked).toEqual([]);
  expect(await queryDeviceUse(execute, { disks: 1, balloon: true })).toEqual({
    disks: [undefined],
    balloonBytes: 4096,
  });
  expect(asked).toEqual(['query-blockstats', 'query-balloon']);
});

// proc_pid_stat(5): utime and stime are fields 14 and 15.
const STAT =
  '4242 (a ) (b) S 1 4242 4242 0 -1 4194560 9000 0 3 0 725 150 0 0 20 0 4 0 123456 900 1000\n';

test('processor time and memory of a process, whatever it is called', () => {
  expect(parseProcessUse(STAT, 'Name:\tx\nVmRSS:\t   45502 kB\nVmSwap:\t0 kB\n')).toEqual({
    cpuSeconds: 8.75,
    userSeconds: 7.25,
    systemSeconds: 1.5,
    residentBytes: 46_594_048,
  });
});

test.for([
  ['a zombie', STAT, 'Name:\tx\nState:\tZ (zombie)\n'],
  ['nothing', '', ''],
  ['half a line', '4242 (x) S 1', 'VmRSS:\t1 kB\n'],
] as const)('%s tells nothing', ([, stat, status]) => {
  expect(parseProcessUse(stat, status)).toBeUndefined();
});
