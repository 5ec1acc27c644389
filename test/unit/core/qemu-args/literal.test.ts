/** Whatever names, paths and texts contain, each arrives in QEMU as one value and adds no option. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instancePaths } from '../../../../src/core/paths.ts';
import { buildQemuArgs } from '../../../../src/core/qemu-args/build.ts';
import { QemuArgsError, type QemuArgsInput } from '../../../../src/core/qemu-args/input.ts';
import { aDisk, anInput, aSpec, prepared, UID } from './builders.ts';
import { device, jsonValues, keyValues, options, soleValue, valuesOf } from './parse-args.ts';

interface Texts {
  readonly namespace: string;
  readonly name: string;
  readonly directory: string;
  readonly disk: string;
  readonly serial: string;
  readonly nic: string;
  readonly mac: string;
  readonly kernelArgs: string;
  readonly machineType: string;
}

function inputWith(texts: Texts): QemuArgsInput {
  const disk = aDisk({ name: texts.disk, serial: texts.serial });
  const nic = { name: texts.nic, model: 'virtio', macAddress: texts.mac, forwards: [] } as const;
  return anInput({
    vm: texts,
    paths: instancePaths(`/s${texts.directory}`, `/r${texts.directory}`, UID),
    spec: aSpec({
      machineType: texts.machineType,
      serialConsole: true,
      graphics: true,
      disks: [disk],
      interfaces: [nic],
      kernelBoot: { source: { kind: 'files', kernelPath: 'k' }, kernelArgs: texts.kernelArgs },
    }),
    kernel: { kernelPath: `/i${texts.directory}`, initrdPath: `/j${texts.directory}` },
    disks: [prepared(disk, { file: `/d${texts.directory}` })],
  });
}

function expectLiteral(texts: Texts): void {
  const input = inputWith(texts);
  const args = buildQemuArgs(input);
  const plain = buildQemuArgs(inputWith(PLAIN));
  expect(options(args).map(({ flag }) => flag)).toEqual(options(plain).map(({ flag }) => flag));

  expect(keyValues(soleValue(args, '-name'))).toEqual({
    guest: `${texts.namespace}/${texts.name}`,
  });
  expect(keyValues(soleValue(args, '-machine'))).toEqual({ type: texts.machineType });
  expect(valuesOf(args, '-chardev').map(keyValues)).toEqual([
    { '': 'null', id: 'journal', logfile: input.paths.events, logappend: 'on' },
    { '': 'socket', id: 'qmp', path: input.paths.qmpSocket, server: 'on', wait: 'off' },
    { '': 'socket', id: 'control', path: input.paths.controlSocket, server: 'on', wait: 'off' },
    { '': 'socket', id: 'agent', path: input.paths.agentSocket, server: 'on', wait: 'off' },
    {
      ...{
        '': 'socket',
        id: 'console',
        path: input.paths.consoleSocket,
        server: 'on',
        wait: 'off',
      },
      ...{ logfile: input.paths.console, logappend: 'on' },
    },
  ]);
  expect(keyValues(soleValue(args, '-vnc'))).toEqual({ vnc: `unix:${input.paths.vncSocket}` });
  expect(soleValue(args, '-kernel')).toBe(`/i${texts.directory}`);
  expect(soleValue(args, '-initrd')).toBe(`/j${texts.directory}`);
  expect(soleValue(args, '-append')).toBe(texts.kernelArgs);

  const [file] = jsonValues(args, '-blockdev');
  expect(file).toMatchObject({
    driver: 'file',
    'node-name': 'd0-file',
    filename: `/d${texts.directory}`,
  });
  expect(device(args, 'disk0')).toMatchObject({ driver: 'virtio-blk-pci', serial: texts.serial });
  expect(device(args, 'nic0')).toMatchObject({ driver: 'virtio-net-pci', mac: texts.mac });
  expect(jsonValues(args, '-netdev')).toMatchObject([{ type: 'user', hostname: texts.name }]);
  expect(keysOf(args)).toEqual(keysOf(plain));
}

/** All keys of all JSON options, in order. */
function keysOf(args: readonly string[]): readonly string[] {
  return ['-blockdev', '-device', '-netdev', '-object'].flatMap((flag) =>
    jsonValues(args, flag).flatMap((value) => [flag, ...Object.keys(value)]),
  );
}

const PLAIN: Texts = {
  namespace: 'default',
  name: 'web',
  directory: '/dir',
  disk: 'root',
  serial: 'S1',
  nic: 'default',
  mac: '02:00:00:00:00:01',
  kernelArgs: 'console=ttyS0',
  machineType: 'q35',
};

function everywhere(text: string): Texts {
  return {
    namespace: text,
    name: text,
    directory: `/${text}`,
    disk: text,
    serial: text,
    nic: text,
    mac: text,
    kernelArgs: text,
    machineType: text,
  };
}

test.for([
  'a,b',
  ',',
  ',,',
  ',,,id=evil',
  'x,debug-threads=on',
  'id=evil',
  'path=/etc/shadow,server=off',
  '-daemonize',
  '--help',
  '{"driver":"null-co"}',
  'json:{"driver":"null-co"}',
  'nbd:localhost:10809',
  'fat:rw:/etc',
  'c:d.img',
  'a b\tc',
  'line\nbreak\r\n',
  '"quoted" and \'quoted\'',
  'back\\slash\\',
  '$(id) `id` $HOME %s',
  '../../etc',
  'ü€😀',
  '\ud800',
  '\u0001\u007f',
  '__proto__',
])('%j is one value wherever it stands', (text) => {
  expectLiteral(everywhere(text));
});

/** Texts made mostly of what QEMU would read as syntax. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ',',
        '=',
        ',,',
        '-',
        '{',
        '}',
        '"',
        "'",
        ':',
        '\\',
        '\n',
        ' ',
        '/',
        'id=',
        'on',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  .filter((joined) => joined !== '' && !joined.includes('\0'));

test('any text is one value wherever it stands', () => {
  const texts = fc.record({
    namespace: text,
    name: text,
    directory: text,
    disk: text,
    serial: text,
    nic: text,
    mac: text,
    kernelArgs: text,
    machineType: text,
  });
  fc.assert(fc.property(texts, expectLiteral), { numRuns: 300 });
});

test.for(['qemu64,+vmx', 'host,-x', '-max', '', 'a b', 'max\n', 'help=x'])(
  'the CPU model %j is refused, because QEMU has no way to quote it',
  (model) => {
    const cpu = { sockets: 1, cores: 1, threads: 1, model };
    expect(() => buildQemuArgs(anInput({ spec: aSpec({ cpu }) }))).toThrow(QemuArgsError);
  },
);

test('a NUL byte, which no argument can carry, is refused', () => {
  expect(() => buildQemuArgs(inputWith({ ...PLAIN, kernelArgs: 'a\0b' }))).toThrow('NUL byte');
});
