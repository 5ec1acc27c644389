/** The board on QEMU's command line: CPU features, memory, clock, chassis, display, inputs. */
import { describe, expect, test } from 'vitest';
import type { ClockSpec } from '../../../../src/core/model/machine.ts';
import type { InstanceSpec } from '../../../../src/core/model/virtual-machine.ts';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { unsupportedByQemu } from '../../../../src/core/qemu-args/unsupported.ts';
import { aDisk, anInput, aSpec } from './builders.ts';

const CPU = { sockets: 1, cores: 1, threads: 1, model: 'Haswell' };

function given(spec: Partial<InstanceSpec>, option: string, kvm = false): readonly string[] {
  const input = anInput({ spec: aSpec(spec), accelerator: kvm ? 'kvm' : 'tcg' });
  const args = buildQemuArgs(input);
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ''] : []));
}

function drivers(spec: Partial<InstanceSpec>): readonly string[] {
  return given(spec, '-device').map((device) => JSON.parse(device).driver);
}

test('CPU features follow the model', () => {
  const features = [
    { name: 'vmx', on: false },
    { name: 'sse4.2', on: true },
  ];
  expect(given({ cpu: { ...CPU, features } }, '-cpu')).toEqual(['Haswell,vmx=off,sse4.2=on']);
});

describe('the clock', () => {
  // It is half past midnight of 29 November 2026, in UTC.
  test.for<[ClockSpec, readonly string[]]>([
    [{}, []],
    [{ offsetSeconds: 0 }, ['base=2026-11-29T00:30:00']],
    [{ offsetSeconds: -3600 }, ['base=2026-11-28T23:30:00']],
    [{ timezone: 'America/New_York' }, ['base=2026-11-28T19:30:00']],
    [{ timezone: 'Asia/Kolkata' }, ['base=2026-11-29T06:00:00']],
    [{ rtcTrack: 'guest' }, ['clock=vm']],
    [{ rtcTrack: 'wall', rtcTickPolicy: 'catchup' }, ['clock=host,driftfix=slew']],
    [{ rtcTickPolicy: 'delay' }, []],
  ])('%j is -rtc %j', ([clock, expected]) => {
    expect(given({ clock }, '-rtc')).toEqual(expected);
  });

  test('has timers that the machine is told of', () => {
    expect(given({ clock: { hpet: false } }, '-machine')).toEqual(['type=q35,hpet=off']);
    const clock = { pitTickPolicy: 'discard' } as const;
    expect(given({ clock }, '-global')).toEqual([]);
    expect(given({ clock }, '-global', true)).toEqual([
      'driver=kvm-pit,property=lost_tick_policy,value=discard',
    ]);
  });
});

test('the chassis is described as it stands', () => {
  const chassis = { manufacturer: 'Acme, Inc.', asset: 'a=b' };
  expect(given({ chassis }, '-smbios')).toEqual(['type=3,manufacturer=Acme,, Inc.,asset=a=b']);
});

test('huge pages make up all of the memory, and are taken at once', () => {
  const spec = { memoryBytes: 2 ** 30, hugepageBytes: 2 ** 21 };
  expect(given(spec, '-machine')).toEqual(['type=q35,memory-backend=ram0']);
  expect(JSON.parse(given(spec, '-object')[0] ?? '')).toEqual({
    'qom-type': 'memory-backend-memfd',
    id: 'ram0',
    size: 2 ** 30,
    hugetlb: true,
    hugetlbsize: 2 ** 21,
    prealloc: true,
  });
});

test.for([
  [{}, 'VGA'],
  [{ video: 'virtio' }, 'virtio-vga'],
  [{ video: 'cirrus' }, 'cirrus-vga'],
  [{ video: 'bochs' }, 'bochs-display'],
] as const)('the display of %j is %s', ([spec, driver]) => {
  expect(drivers({ graphics: true, ...spec })).toContain(driver);
  expect(drivers({ graphics: false, ...spec })).not.toContain(driver);
});

test('UEFI has a display of its own kind', () => {
  const bootloader = { kind: 'efi', secureBoot: false, persistent: false } as const;
  const flash = { file: '/f', format: 'raw' } as const;
  const firmware = { code: flash, vars: flash, requiresSmm: false };
  const args = buildQemuArgs(anInput({ spec: aSpec({ graphics: true, bootloader }), firmware }));
  expect(args.join()).toContain('"bochs-display"');
});

describe('tablets', () => {
  const pen = { name: 'pen', bus: 'usb' } as const;
  const touch = { name: 'touch', bus: 'virtio' } as const;

  test.for<[Partial<InstanceSpec>, number, number]>([
    [{}, 0, 0],
    [{ inputDevice: true }, 1, 0],
    [{ inputDevice: true, inputs: [pen, { ...pen, name: 'other' }] }, 2, 0],
    [{ inputs: [touch, pen] }, 1, 1],
    [{ inputDevice: true, inputs: [touch] }, 0, 1],
  ])('of %j are %i on USB and %i on virtio', ([spec, usb, virtio]) => {
    const all = drivers(spec);
    expect(all.filter((driver) => driver === 'usb-tablet')).toHaveLength(usb);
    expect(all.filter((driver) => driver === 'virtio-tablet-pci')).toHaveLength(virtio);
  });

  test('take ports from disks', () => {
    const disks = Array.from({ length: 14 }, (_, n) => aDisk({ name: `d${n}`, bus: 'usb' }));
    expect(unsupportedByQemu(aSpec({ disks, inputs: [pen] }))).toEqual([]);
    expect(unsupportedByQemu(aSpec({ disks, inputs: [pen, { ...pen, name: 'b' }] }))).toEqual([
      'at most 13 disks fit on bus usb; use bus scsi',
    ]);
  });
});
