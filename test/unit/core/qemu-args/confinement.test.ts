import { expect, test } from 'vitest';
import type { InterfaceSpec } from '../../../../src/core/model/network-interface.ts';
import {
  confineArgs,
  confineCheckArgs,
  fileAccess,
} from '../../../../src/core/qemu-args/confinement.ts';
import type { PreparedDisk } from '../../../../src/core/qemu-args/input.ts';

const PATHS = { events: '/i/events.jsonl', console: '/i/console.log', runtimeDir: '/r' };

function disk(file: string, changes: Partial<PreparedDisk> = {}): PreparedDisk {
  return { name: 'd', file, format: 'qcow2', readonly: false, cache: 'none', ...changes };
}

function nic(...hostPorts: readonly number[]): InterfaceSpec {
  const forwards = hostPorts.map((hostPort) => ({
    protocol: 'tcp' as const,
    hostAddress: '127.0.0.1',
    hostPort,
    guestPort: 80,
  }));
  return { name: 'default', model: 'virtio', forwards };
}

test('a QEMU opens its journal, its console, its disks with all below them, its kernel and its sockets', () => {
  const access = fileAccess({
    paths: PATHS,
    accelerator: 'tcg',
    interfaces: [nic()],
    disks: [
      disk('/i/root.qcow2', { below: ['/images/a.qcow2', '/images/b.img'] }),
      disk('/srv/cd.iso', { readonly: true }),
      disk('/i/other.qcow2', { below: ['/images/a.qcow2'] }),
    ],
    kernel: { kernelPath: '/images/vmlinuz', initrdPath: '/images/initrd' },
  });
  expect(access).toEqual({
    read: ['/srv/cd.iso', '/images/a.qcow2', '/images/b.img', '/images/vmlinuz', '/images/initrd'],
    write: ['/i/events.jsonl', '/i/console.log', '/i/root.qcow2', '/i/other.qcow2'],
    writeDirs: ['/r'],
    lowPorts: false,
    reserve: [{ path: '/i/events.jsonl', bytes: 65_536 }],
  });
});

test('the file for its memory, where a panic is to leave one', () => {
  const memoryDump = '/i/memory.dump';
  const opened = { paths: PATHS, accelerator: 'tcg', interfaces: [], disks: [] } as const;
  expect(fileAccess({ ...opened, memoryDump }).write).toContain(memoryDump);
});

test('with KVM also its device', () => {
  const access = fileAccess({ paths: PATHS, accelerator: 'kvm', interfaces: [], disks: [] });
  expect(access.write).toContain('/dev/kvm');
});

test.for([
  [[], false],
  [[1024, 65_535], false],
  [[8080, 80], true],
  [[1023], true],
] as const)('host ports %j: low ones %s', ([ports, lowPorts]) => {
  const interfaces = [nic(), nic(...ports)];
  expect(fileAccess({ paths: PATHS, accelerator: 'tcg', interfaces, disks: [] }).lowPorts).toBe(
    lowPorts,
  );
});

const ACCESS = {
  ...{ read: ['/a', '--b'], write: ['/c'], writeDirs: ['/d'], lowPorts: true },
  reserve: [{ path: '/c', bytes: 10 }],
};
const ROOM = ['--reserve', '10:/c'];
const FILES = ['--read', '/a', '--read', '--b', '--write', '/c', '--write-dir', '/d'];

test('the wrapper is told each file, and whom to become', () => {
  expect(confineArgs(ACCESS)).toEqual(['--low-ports', ...ROOM, ...FILES, '--']);
  expect(confineArgs({ ...ACCESS, lowPorts: false }, { uid: 5, gid: 6, groups: [7, 8] })).toEqual([
    ...['--uid', '5', '--gid', '6', '--groups', '7,8'],
    ...ROOM,
    ...FILES,
    '--',
  ]);
  expect(confineCheckArgs(ACCESS, { uid: 5, gid: 6, groups: [] }, '/bin/q')).toEqual([
    ...['--check', '--uid', '5', '--gid', '6'],
    ...FILES,
    ...['--', '/bin/q'],
  ]);
});
