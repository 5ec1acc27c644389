/** Sockets between host and guest: the device, and the address of the guest. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { fileAccess } from '../../../../src/core/qemu-args/confinement.ts';
import { chooseCid } from '../../../../src/core/qemu-args/vsock.ts';
import { anInput, aSpec } from './builders.ts';
import { device } from './parse-args.ts';

const VM = { namespace: 'default', name: 'web' };

test('QEMU is told the address, and may open the device of the host', () => {
  const input = anInput({ spec: aSpec({ vsock: true }), vsockCid: 42 });
  expect(device(buildQemuArgs(input), 'vsock0')).toMatchObject({
    driver: 'vhost-vsock-pci',
    'guest-cid': 42,
  });
  const { paths, accelerator } = input;
  const opened = { paths, accelerator, interfaces: [], disks: [] };
  expect(fileAccess({ ...opened, vsockCid: 42 }).write).toContain('/dev/vhost-vsock');
  expect(fileAccess(opened).write).not.toContain('/dev/vhost-vsock');
});

test('a VM has the same address each time, and another where that is taken', () => {
  const first = chooseCid(VM, new Set());
  expect(chooseCid(VM, new Set())).toBe(first);
  const second = chooseCid(VM, new Set([first]));
  expect(second).not.toBe(first);
  expect(chooseCid({ ...VM, name: 'db' }, new Set())).not.toBe(first);
});

test('no address is one of those with a meaning of their own', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const cid = chooseCid({ ...VM, name }, new Set());
      expect(cid).toBeGreaterThanOrEqual(3);
      expect(cid).toBeLessThan(2 ** 32 - 1);
    }),
  );
});
