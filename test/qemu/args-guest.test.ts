/** What a guest sees and leaves behind when it is run with the built arguments. */
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiskSpec } from '../../src/core/model/storage.ts';
import type { InstanceSpec } from '../../src/core/model/virtual-machine.ts';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { aDisk, anInput, aSpec, prepared, UID } from '../unit/core/qemu-args/builders.ts';
import { launch, makeInstanceDirs, tempDir } from './args-support.ts';

/**
 * A boot sector that says one letter on the serial port and powers off through ACPI.
 * mov dx,0x3f8; mov al,LETTER; out dx,al; mov dx,0x604; mov ax,0x2000; out dx,ax; hlt; jmp $-1
 */
function bootSector(letter: string): Buffer {
  const sector = Buffer.alloc(512);
  const [code] = Buffer.from(letter);
  sector.set([0xba, 0xf8, 0x03, 0xb0, code ?? 0, 0xee, 0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef]);
  sector.set([0xf4, 0xeb, 0xfd], 13);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

interface Run {
  readonly paths: InstancePaths;
  readonly console: string;
  readonly events: readonly { event: string; data: Record<string, unknown> }[];
}

/** Runs the guest to its end. Disk number N says the letter N of the alphabet when it is booted. */
async function run(spec: InstanceSpec, dir: string): Promise<Run> {
  const paths = instancePaths(join(dir, 's'), join(dir, 'r'), UID);
  await makeInstanceDirs(paths);
  const disks = spec.disks.map((disk) => prepared(disk, { file: join(dir, `${disk.name}.raw`) }));
  for (const [index, { file }] of disks.entries()) {
    await writeFile(file, bootSector(String.fromCharCode(65 + index)));
    await truncate(file, 1 << 20);
  }
  await using qemu = await launch(anInput({ spec, disks, paths }));
  await qemu.execute('cont');
  await qemu.ended();
  const journal = await readFile(paths.events, 'utf8');
  const lines = journal.split('\n').filter((line) => line.startsWith('{'));
  return {
    paths,
    console: await readFile(paths.console, 'utf8'),
    events: lines.map((line) => JSON.parse(line)).filter((line) => 'event' in line),
  };
}

const machines = ['q35', 'pc'] as const;
const buses = ['virtio', 'sata', 'scsi', 'usb'] as const;

test.for(machines.flatMap((machineType) => buses.map((bus) => ({ machineType, bus }))))(
  'on $machineType a guest boots from a $bus disk, and its console and its end are on record',
  async ({ machineType, bus }) => {
    await using dir = await tempDir();
    const spec = aSpec({ machineType, serialConsole: true, disks: [aDisk({ bus })] });
    const { console, events } = await run(spec, dir.path);
    expect(console).toContain('A');
    expect(events.map(({ event }) => event)).toEqual(['RESUME', 'SHUTDOWN']);
    expect(events.at(-1)?.data).toEqual({ guest: true, reason: 'guest-shutdown' });
  },
);

const bootRows: readonly { title: string; disks: readonly Partial<DiskSpec>[]; boots: string }[] = [
  { title: 'the first disk without any boot order', disks: [{}, {}], boots: 'A' },
  { title: 'the only disk that has one', disks: [{}, { bootOrder: 7 }], boots: 'B' },
  { title: 'the lower one', disks: [{ bootOrder: 2 }, { bootOrder: 1 }], boots: 'B' },
  {
    title: 'the lower one over different buses',
    disks: [{ bootOrder: 3 }, { bootOrder: 2, bus: 'usb' }, { bootOrder: 1, bus: 'scsi' }],
    boots: 'C',
  },
];

test.for(bootRows)('the firmware boots $title', async ({ disks, boots }) => {
  await using dir = await tempDir();
  const spec = aSpec({
    serialConsole: true,
    disks: disks.map((disk, index) => aDisk({ name: `d${index}`, ...disk })),
  });
  const { console } = await run(spec, dir.path);
  expect(console.replaceAll(/[^A-Z]/g, '')).toBe(boots);
});

const HOSTILE_DIRECTORIES = [
  'a,readonly=on,file=x',
  'spaces and "double" and \'single\'',
  'new\nline',
  'id=evil,,server=off',
  'json:{"driver":"null-co"}',
  'nbd:localhost:1',
  '-daemonize',
  'back\\slash $HOME `id` $(id) %s ü €',
];

test.for(HOSTILE_DIRECTORIES)('a directory named %j is only a directory', async (name) => {
  await using temp = await tempDir();
  const dir = join(temp.path, name);
  await mkdir(dir);
  const paths = instancePaths(join(dir, 's'), join(temp.path, `r${name.slice(0, 12)}`), UID);
  await makeInstanceDirs(paths);
  const disks = [
    aDisk({ name: 'one' }),
    aDisk({ name: 'two', serial: `s,id=${name.slice(0, 9)}` }),
  ];
  const files = disks.map((disk) => prepared(disk, { file: join(dir, `${disk.name}.raw`) }));
  for (const { file } of files) await writeFile(file, Buffer.alloc(1 << 20));
  const vm = { namespace: 'a,debug-threads=on', name: `${name},process=evil` };
  const spec = aSpec({ disks, serialConsole: true });
  await using qemu = await launch(anInput({ vm, spec, paths, disks: files }));

  expect(await qemu.execute('query-name')).toEqual({ name: `${vm.namespace}/${vm.name}` });
  const blocks = (await qemu.execute('query-block')) as readonly { inserted: { file: string } }[];
  expect(blocks.map(({ inserted }) => inserted.file)).toEqual(files.map(({ file }) => file));
  expect(await qemu.property('disk1', 'serial')).toBe(`s,id=${name.slice(0, 9)}`);
  const chardevs = (await qemu.execute('query-chardev')) as readonly { label: string }[];
  expect(chardevs.map(({ label }) => label).sort()).toEqual([
    'agent',
    'console',
    'control',
    'journal',
    'qmp',
  ]);
  await qemu.execute('cont');
  expect(await readFile(paths.events, 'utf8')).toContain('"RESUME"');
  expect(await readFile(paths.console, 'utf8')).toBeDefined();
});

/** The least that QEMU takes for a Linux kernel: boot protocol 2.12, loaded high, nothing in it. */
function emptyKernel(): Buffer {
  const kernel = Buffer.alloc(8192);
  kernel[0x1f1] = 1;
  kernel.writeUInt16LE(0xaa55, 0x1fe);
  kernel.write('HdrS', 0x202);
  kernel.writeUInt16LE(0x020c, 0x206);
  kernel[0x211] = 1;
  kernel.writeUInt32LE(0x37ffffff, 0x22c);
  return kernel;
}

test('a kernel, an initrd and their arguments are taken literally', async () => {
  await using temp = await tempDir();
  const dir = join(temp.path, 'k,x=y -initrd "z"');
  await mkdir(dir);
  const kernel = { kernelPath: join(dir, 'vm,linuz'), initrdPath: join(dir, 'init,rd') };
  await writeFile(kernel.kernelPath, emptyKernel());
  await writeFile(kernel.initrdPath, 'initrd');
  const kernelArgs = '-S,console=ttyS0 root="a b" ,,';
  const spec = aSpec({ kernelBoot: { source: { kind: 'files', kernelPath: 'k' }, kernelArgs } });
  const paths = instancePaths(join(temp.path, 's'), join(temp.path, 'r'), UID);
  await makeInstanceDirs(paths);
  await using qemu = await launch(anInput({ spec, paths, kernel }));
  const machine = (property: string) => qemu.execute('qom-get', { path: '/machine', property });
  expect(await machine('kernel')).toBe(kernel.kernelPath);
  expect(await machine('initrd')).toBe(kernel.initrdPath);
  expect(await machine('append')).toBe(kernelArgs);
});

test('a launch that fails says so in the words of QEMU', async () => {
  await using temp = await tempDir();
  const kernel = { kernelPath: join(temp.path, 'missing,kernel') };
  const spec = aSpec({
    kernelBoot: { source: { kind: 'files', kernelPath: 'k' }, kernelArgs: '' },
  });
  const paths = instancePaths(join(temp.path, 's'), join(temp.path, 'r'), UID);
  await makeInstanceDirs(paths);
  await expect(launch(anInput({ spec, paths, kernel }))).rejects.toThrow(
    `could not open kernel file '${kernel.kernelPath}'`,
  );
});
