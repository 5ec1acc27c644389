/** Every kind of disk, interface and device that a manifest can ask for is one that QEMU takes. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type {
  DiskBus,
  DiskCache,
  DiskErrorPolicy,
  DiskSpec,
} from '../../src/core/model/storage.ts';
import type { InstanceSpec } from '../../src/core/model/virtual-machine.ts';
import { instancePaths } from '../../src/core/paths.ts';
import { aDisk, anInput, aSpec, prepared, UID } from '../unit/core/qemu-args/builders.ts';
import { launch, makeInstanceDirs, tempDir } from './args-support.ts';

const MACHINES = ['q35', 'pc'] as const;
const BUSES: readonly DiskBus[] = ['virtio', 'sata', 'scsi', 'usb'];
const CACHES: readonly DiskCache[] = ['none', 'writethrough', 'writeback'];
const POLICIES: readonly DiskErrorPolicy[] = ['stop', 'ignore', 'report', 'enospace'];

const EXPECTED_CACHE = {
  none: { writeback: true, direct: true, 'no-flush': false },
  writethrough: { writeback: false, direct: false, 'no-flush': false },
  writeback: { writeback: true, direct: false, 'no-flush': false },
};

const EXPECTED_POLICY = {
  stop: ['stop', 'stop'],
  ignore: ['ignore', 'ignore'],
  report: ['report', 'report'],
  enospace: ['enospc', 'report'],
};

interface BlockDevice {
  readonly qdev: string;
  readonly inserted: { readonly ro: boolean; readonly file: string; readonly cache: object };
}

/** Makes the disks' files, launches, hands the running QEMU to `look`. */
async function withQemu(
  spec: InstanceSpec,
  look: (qemu: Awaited<ReturnType<typeof launch>>) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir();
  const paths = instancePaths(join(dir.path, 's'), join(dir.path, 'r'), UID);
  await makeInstanceDirs(paths);
  const disks = spec.disks.map((disk) =>
    prepared(disk, { file: join(dir.path, `${disk.name}.raw`) }),
  );
  for (const { file } of disks) {
    await writeFile(file, '');
    await truncate(file, 1 << 20);
  }
  await using qemu = await launch(anInput({ spec, disks, paths }));
  await look(qemu);
}

const diskRows = MACHINES.flatMap((machineType) =>
  BUSES.flatMap((bus) =>
    (['disk', 'cdrom'] as const).flatMap((device) =>
      [false, true]
        .filter((readonly) => device === 'disk' || readonly)
        // A SATA disk cannot be read-only.
        .filter((readonly) => !(bus === 'sata' && device === 'disk' && readonly))
        .map((readonly) => ({ machineType, bus, device, readonly })),
    ),
  ),
);

test.for(diskRows)(
  'on $machineType a $bus $device (readonly: $readonly) takes every cache mode and error policy',
  async ({ machineType, bus, device, readonly }) => {
    const disks = CACHES.flatMap((cache) =>
      POLICIES.map((errorPolicy) =>
        aDisk({
          name: `${cache}-${errorPolicy}`,
          bus,
          device,
          readonly,
          cache,
          errorPolicy,
          serial: 'S1',
        }),
      ),
    );
    await withQemu(aSpec({ machineType, disks }), async (qemu) => {
      const blocks = (await qemu.execute('query-block')) as readonly BlockDevice[];
      expect(blocks).toHaveLength(disks.length);
      for (const [index, disk] of disks.entries()) {
        const id = `disk${index}`;
        const { inserted } = find(blocks, id);
        const { writeback, ...host } = EXPECTED_CACHE[disk.cache ?? 'none'];
        expect(inserted.cache).toMatchObject(device === 'cdrom' ? host : { writeback, ...host });
        expect(inserted.ro).toBe(readonly);
        const [werror, rerror] = EXPECTED_POLICY[disk.errorPolicy];
        expect(await qemu.property(id, 'rerror')).toBe(rerror);
        if (device === 'disk') expect(await qemu.property(id, 'werror')).toBe(werror);
        expect(await qemu.property(id, 'serial')).toBe('S1');
        expect(await qemu.property(id, 'bootindex')).toBe(index + 1);
      }
    });
  },
);

function find(blocks: readonly BlockDevice[], id: string): BlockDevice {
  const block = blocks.find(({ qdev }) => qdev.split('/').includes(id));
  if (block === undefined) throw new Error(`no block device for ${id}: ${JSON.stringify(blocks)}`);
  return block;
}

test.for(MACHINES)('on %s all that a manifest can switch on runs at once', async (machineType) => {
  const disks: DiskSpec[] = BUSES.flatMap((bus) => [
    aDisk({ name: `${bus}-disk`, bus }),
    aDisk({ name: `${bus}-cdrom`, bus, device: 'cdrom', readonly: true }),
  ]);
  const models = ['virtio', 'e1000', 'e1000e', 'rtl8139', 'ne2k_pci'] as const;
  const spec = aSpec({
    machineType,
    cpu: { sockets: 2, cores: 2, threads: 2, model: 'qemu64' },
    disks,
    interfaces: models.map((model, index) => ({
      name: model,
      model,
      forwards: [],
      // Half of them boot from the network, which needs the option ROM.
      ...(index % 2 === 0 ? { bootOrder: index + 20 } : {}),
    })),
    rng: true,
    watchdog: { name: 'dog', action: 'poweroff' },
    panicDevices: ['pvpanic', 'isa'],
    graphics: true,
    serialConsole: true,
    memBalloon: true,
    inputDevice: true,
  });
  await withQemu(spec, async (qemu) => {
    expect(await qemu.execute('query-cpus-fast')).toHaveLength(8);
    expect(await qemu.execute('query-status')).toMatchObject({ status: 'prelaunch' });
    const devices = (await qemu.execute('qom-list', { path: '/machine/peripheral' })) as {
      name: string;
    }[];
    const ids = devices.map(({ name }) => name);
    expect(ids).toEqual(
      expect.arrayContaining([
        ...['nic0', 'nic4', 'disk0', 'disk7', 'sata0', 'scsi0', 'usb0', 'tablet0', 'video0'],
        ...['rng0', 'balloon0', 'watchdog0', 'panic0', 'panic1'],
      ]),
    );
  });
});

test.for(MACHINES)('on %s the last free PCI slot can be used', async (machineType) => {
  const disks = Array.from({ length: 29 }, (_, n) => aDisk({ name: `d${n}` }));
  await withQemu(aSpec({ machineType, disks, graphics: true }), async (qemu) => {
    expect(await qemu.execute('query-block')).toHaveLength(29);
  });
});

test.for([
  ['sata', 13],
  ['scsi', 30],
  ['usb', 14],
] as const)('bus %s takes %i disks and a tablet beside them', async ([bus, count]) => {
  const disks = Array.from({ length: count }, (_, n) => aDisk({ name: `d${n}`, bus }));
  await withQemu(aSpec({ disks, inputDevice: true }), async (qemu) => {
    expect(await qemu.execute('query-block')).toHaveLength(count);
    // QEMU would have slipped in a hub had it run out of ports.
    expect(
      await qemu.execute('human-monitor-command', { 'command-line': 'info usb' }),
    ).not.toContain('Hub');
  });
});

test.for([
  { machineType: 'q35', acpi: false },
  { machineType: 'pc', acpi: false },
  { machineType: 'pc-q35-7.2', acpi: true },
  { machineType: 'pc-i440fx-7.2', acpi: true },
])('machine $machineType with acpi $acpi starts', async ({ machineType, acpi }) => {
  await withQemu(aSpec({ machineType, acpi }), async (qemu) => {
    expect(await qemu.execute('query-status')).toMatchObject({ status: 'prelaunch' });
  });
});

test('a guest without a network boot order carries no network boot ROM', async () => {
  const nic = { name: 'a', model: 'virtio', forwards: [] } as const;
  await withQemu(
    aSpec({ interfaces: [nic, { ...nic, name: 'b', bootOrder: 3 }] }),
    async (qemu) => {
      expect(await qemu.property('nic0', 'romfile')).toBe('');
      expect(await qemu.property('nic1', 'romfile')).toMatch(/rom$/);
      expect(await qemu.property('nic1', 'bootindex')).toBe(3);
    },
  );
});

test('a guest that reboots ends only under reboot policy Terminate', async () => {
  const rows = [
    ['Reboot', 'reset'],
    ['Terminate', 'shutdown'],
  ] as const;
  for (const [rebootPolicy, action] of rows)
    await withQemu(aSpec({ rebootPolicy }), async (qemu) => {
      // A reset of a stopped QEMU ends it exactly when reboot=shutdown is in force.
      await qemu.execute('cont');
      const after = await qemu
        .execute('system_reset')
        .then(() => qemu.execute('query-status'))
        .then(() => 'reset')
        .catch(() => 'shutdown');
      expect(after).toBe(action);
    });
});
