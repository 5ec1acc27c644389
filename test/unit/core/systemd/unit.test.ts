/** The units of VMs: their names and properties. */
import { expect, test } from 'vitest';
import { unitInstance, unitName } from '../../../../src/core/systemd/unit-name.ts';
import { unitProperties } from '../../../../src/core/systemd/unit-properties.ts';

test.each([
  [{ namespace: 'default', name: 'web' }, 'solovirt-vm@web.service'],
  [{ namespace: 'prod', name: 'web' }, 'solovirt-vm@prod_web.service'],
  [{ namespace: 'default', name: 'a-b' }, 'solovirt-vm@a-b.service'],
])('the unit of %o is %s', (vm, unit) => {
  expect(unitName(vm)).toBe(unit);
});

test('its part is fit for the name of a user with vm- before it, however long the VM is called', () => {
  const long = 'x'.repeat(63);
  const instance = unitInstance({ namespace: long, name: long });
  expect(`vm-${instance}`).toMatch(/^[a-z_][a-z0-9_-]{0,30}$/);
  expect(unitInstance({ namespace: long, name: `${long.slice(1)}y` })).not.toBe(instance);
});

test('no two VMs share a unit', () => {
  const vms = [
    { namespace: 'default', name: 'b' },
    { namespace: 'a', name: 'b' },
    { namespace: 'b', name: 'a' },
    { namespace: 'a-b', name: 'b' },
    { namespace: 'a', name: 'b-b' },
  ];
  expect(new Set(vms.map(unitInstance)).size).toBe(vms.length);
});

test.each([
  [
    'every limit',
    { memoryBytes: 1024, cpuNano: 1_500_000_000, cpuWeight: 50, ioWeight: 200 },
    ['MemoryMax=1024', 'CPUQuota=150%', 'CPUWeight=50', 'IOWeight=200'],
  ],
  [
    'no limit: earlier ones are taken back',
    undefined,
    ['MemoryMax=infinity', 'CPUQuota=', 'CPUWeight=', 'IOWeight='],
  ],
  [
    'less than a hundredth of a CPU, which systemd does not have',
    { cpuNano: 1_000_000 },
    ['MemoryMax=infinity', 'CPUQuota=1%', 'CPUWeight=', 'IOWeight='],
  ],
])('unit properties: %s', (_, limits, properties) => {
  expect(unitProperties(limits)).toEqual(properties);
});
