import { expect, test } from 'vitest';
import {
  oomCounterFiles,
  oomVictim,
  parseKernelRecord,
  parseOomCount,
} from '../../../src/qemu/oom-parse.ts';

test.for([
  ['3,1234,5140900,-;Oops\n', { atMs: 5140.9, message: 'Oops' }],
  [
    '6,339,1,-,caller=T1;NET: up\n SUBSYSTEM=net\n DEVICE=n1\n',
    { atMs: 0.001, message: 'NET: up' },
  ],
  ['6,339,1000,c;\n', { atMs: 1, message: '' }],
  ['no record', undefined],
  ['', undefined],
] as const)('kernel record %j', ([text, expected]) => {
  expect(parseKernelRecord(text)).toEqual(expected);
});

test.for([
  ['Memory cgroup out of memory: Killed process 4711 (qemu-system-x86) total-vm:1kB, UID:0', 4711],
  ['Out of memory: Killed process 4711 (qemu-system-x86) total-vm:1kB', 4711],
  ['Out of memory (oom_kill_allocating_task): Killed process 4711 (a) (b)', 4711],
  ['oom_reaper: reaped process 4711 (qemu-system-x86), now anon-rss:0kB', undefined],
  ['Killed process four (x)', undefined],
  ['systemd[1]: xKilled process 4711 (q)', undefined],
] as const)('OOM victim of %j', ([message, expected]) => {
  expect(oomVictim(message)).toBe(expected);
});

test.for([
  ['v2', 'low 0\nhigh 0\nmax 33\noom 2\noom_kill 1\noom_group_kill 9\n', 1],
  ['v1', 'oom_kill_disable 0\nunder_oom 0\noom_kill 12\n', 12],
  ['an old kernel', 'oom_kill_disable 0\nunder_oom 0\n', undefined],
  ['nothing', '', undefined],
] as const)('OOM counter: %s', ([, text, expected]) => {
  expect(parseOomCount(text)).toBe(expected);
});

test.for([
  [
    'a hybrid host: the v1 controller first',
    '9:name=systemd:/\n4:cpu,memory:/vm/a b\n0::/x\n',
    [
      '/sys/fs/cgroup/memory/vm/a b/memory.oom_control',
      '/sys/fs/cgroup/x/memory.events',
      '/sys/fs/cgroup/unified/x/memory.events',
    ],
  ],
  [
    'a v2 host',
    '0::/system.slice/x.service\n',
    [
      '/sys/fs/cgroup/system.slice/x.service/memory.events',
      '/sys/fs/cgroup/unified/system.slice/x.service/memory.events',
    ],
  ],
  ['the root of a v1 hierarchy', '4:memory:/\n', ['/sys/fs/cgroup/memory/memory.oom_control']],
  ['a name with a colon', '4:memory:/a:b\n', ['/sys/fs/cgroup/memory/a:b/memory.oom_control']],
  ['no memory controller', '3:cpu:/\n', []],
] as const)('where the counter may be, on %s', ([, text, expected]) => {
  expect(oomCounterFiles(text)).toEqual(expected);
});
