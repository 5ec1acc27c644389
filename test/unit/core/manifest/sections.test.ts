/**
 * What single settings mean: defaults, fallbacks and borders. Their problems are in the bad fixtures.
 */
import { describe, expect, test } from 'vitest';
import { instanceOf, manifestText, onlyDocument, type Parts, problemsOf } from './manifest-text.ts';

const MIB = 2 ** 20;
const DOMAIN = 'spec.template.spec.domain';

describe('memory', () => {
  test.for([
    ['the default', {}, 512],
    ['guest', { memory: { guest: '1Gi' }, resources: { requests: { memory: '2Gi' } } }, 1024],
    ['the request', { resources: { requests: { memory: '64M' }, limits: { memory: '1Gi' } } }, 62],
    ['the limit', { resources: { limits: { memory: '64Mi' } } }, 64],
    ['a number', { memory: { guest: 128974848 } }, 123],
    ['one byte', { memory: { guest: 1 } }, 1],
    ['thousandths', { memory: { guest: '1m' } }, 1],
    ['the most', { memory: { guest: '16Ti' } }, 16 * MIB],
    [
      'guest equal to the limit',
      { memory: { guest: '1Gi' }, resources: { limits: { memory: '1024Mi' } } },
      1024,
    ],
  ] as const)('is %s, in whole MiB', ([, domain, mebibytes]) => {
    expect(instanceOf({ domain }).memoryBytes).toBe(mebibytes * MIB);
  });
});

describe('CPUs', () => {
  test.for([
    ['one', {}, [1, 1, 1]],
    ['as the topology says', { cpu: { cores: 2 }, resources: { limits: { cpu: 8 } } }, [1, 2, 1]],
    [
      'the limit in sockets',
      { resources: { requests: { cpu: 1 }, limits: { cpu: '2500m' } } },
      [3, 1, 1],
    ],
    [
      'the request in sockets',
      { cpu: { model: 'max' }, resources: { requests: { cpu: '100m' } } },
      [1, 1, 1],
    ],
    ['512', { cpu: { cores: 8, sockets: 32, threads: 2 } }, [32, 8, 2]],
  ] as const)('are %s', ([, domain, [sockets, cores, threads]]) => {
    expect(instanceOf({ domain }).cpu).toMatchObject({ sockets, cores, threads });
  });

  test.for(['host-passthrough', 'EPYC-v4', 'Skylake-Server-v5', 'max', 'qemu64', 'x'.repeat(64)])(
    'may have the model %s',
    (model) => {
      expect(instanceOf({ domain: { cpu: { model } } }).cpu.model).toBe(model);
    },
  );

  test.for(['', 'a,b', 'a b', '+x', 'x'.repeat(65)])('cannot have the model %j', (model) => {
    expect(problemsOf({ domain: { cpu: { model } } })).toEqual([
      `invalid-value ${DOMAIN}.cpu.model`,
    ]);
  });
});

describe('the machine', () => {
  test.for([
    ['q35', 'q35'],
    ['pc', 'pc'],
    ['', 'q35'],
    ['pc-q35-7.2', 'pc-q35-7.2'],
    ['pc-i440fx-2.12', 'pc-i440fx-2.12'],
  ] as const)('%j is %s', ([type, expected]) => {
    expect(instanceOf({ domain: { machine: { type } } }).machineType).toBe(expected);
  });

  test.for(['Q35', 'q35,x=y', 'pc-q35-', 'virtual', 'isapc'])('%s is refused', (type) => {
    expect(problemsOf({ domain: { machine: { type } } })).toEqual([
      `invalid-value ${DOMAIN}.machine.type`,
    ]);
  });

  test.for([
    [{}, true],
    [{ acpi: {} }, true],
    [{ acpi: { enabled: true } }, true],
    [{ acpi: { enabled: false } }, false],
  ] as const)('with the features %j has ACPI: %s', ([features, acpi]) => {
    expect(instanceOf({ domain: { features } }).acpi).toBe(acpi);
  });
});

describe('kernel boot', () => {
  test('comes from annotations, the template before the VM', () => {
    const { kernelBoot } = instanceOf({
      annotations: { 'solovirt.io/kernel': 'old/vmlinuz', 'solovirt.io/kernel-args': 'quiet' },
      templateAnnotations: {
        'solovirt.io/kernel': 'debian/vmlinuz',
        'solovirt.io/initrd': 'debian/initrd',
      },
    });
    expect(kernelBoot).toEqual({
      source: { kind: 'files', kernelPath: 'debian/vmlinuz', initrdPath: 'debian/initrd' },
      kernelArgs: 'quiet',
    });
  });

  test('needs nothing but a kernel', () => {
    const container = { image: 'kernel', kernelPath: '/vmlinuz' };
    expect(instanceOf({ domain: { firmware: { kernelBoot: { container } } } }).kernelBoot).toEqual({
      source: { kind: 'container', ...container },
      kernelArgs: '',
    });
    expect(instanceOf({ domain: { firmware: { kernelBoot: {} } } }).kernelBoot).toBeUndefined();
  });

  test('may be given by annotations beside an empty field', () => {
    const annotations = { 'solovirt.io/kernel': 'vmlinuz' };
    const domain = { firmware: { kernelBoot: {} } };
    expect(instanceOf({ annotations, domain }).kernelBoot?.source.kind).toBe('files');
  });

  test.for(['', '/abs', 'a/../b', 'dir/', 'a\tb'])('is refused for the file %j', (kernel) => {
    expect(problemsOf({ annotations: { 'solovirt.io/kernel': kernel } })).toEqual([
      'invalid-value metadata.annotations[solovirt.io/kernel]',
    ]);
  });
});

describe('the bootloader', () => {
  const firmware = (bootloader: object, more: object = {}) =>
    instanceOf({ domain: { features: { smm: {} }, firmware: { bootloader, ...more } } });

  test.for<[string, object, object | undefined]>([
    ['nothing', {}, undefined],
    ['bios', { bios: {} }, { kind: 'bios', useSerial: false }],
    ['efi', { efi: {} }, { kind: 'efi', secureBoot: true, persistent: false }],
    [
      'efi without secure boot',
      { efi: { secureBoot: false, persistent: true } },
      { kind: 'efi', secureBoot: false, persistent: true },
    ],
  ])('is with %s what KubeVirt makes of it', ([, bootloader, expected]) => {
    expect(firmware(bootloader).bootloader).toEqual(expected);
  });

  test('comes with the identity of the machine', () => {
    const uuid = '5D307CA9-B3EF-428C-8861-06E72D69F223';
    expect(firmware({}, { uuid }).system).toEqual({ uuid: uuid.toLowerCase() });
    expect(firmware({}, { serial: 'a "b", c' }).system).toEqual({ serial: 'a "b", c' });
    expect(firmware({}).system).toBeUndefined();
  });

  test.for([
    [{ efi: {} }, {}, 'add "features: {smm: {}}" to the domain, or write "secureBoot: false"'],
    [{ efi: {} }, { smm: { enabled: false } }, 'needs System Management Mode'],
    [{ efi: {}, bios: {} }, { smm: {} }, 'bios is there too; keep one of the two'],
  ] as const)('%j with the features %j is refused', ([bootloader, features, words]) => {
    const { problems } = onlyDocument(
      manifestText({ domain: { features, firmware: { bootloader } } }),
    );
    expect(problems.map(({ message }) => message).join()).toContain(words);
  });
});

describe('devices', () => {
  test.for<[string, Parts, readonly string[]]>([
    ['pvpanic by default', {}, ['pvpanic']],
    ['as listed', { devices: { panicDevices: [{ model: 'isa' }] } }, ['isa']],
    ['libvirt’s choice without a model', { devices: { panicDevices: [{}] } }, ['isa']],
    ['none when turned off', { annotations: { 'solovirt.io/panic-device': 'none' } }, []],
    ['pvpanic for an empty list', { devices: { panicDevices: [] } }, ['pvpanic']],
  ])('for panics are %s', ([, parts, expected]) => {
    expect(instanceOf(parts).panicDevices).toEqual(expected);
  });

  test.for<[string, Parts, number | undefined, RegExp]>([
    ['none unless asked for', {}, undefined, /^$/],
    ['as many as asked for', { annotations: { 'solovirt.io/panic-dumps': '2' } }, 2, /^$/],
    ['not none', { annotations: { 'solovirt.io/panic-dumps': '0' } }, undefined, /expected 1 to 3/],
    ['not many', { annotations: { 'solovirt.io/panic-dumps': '4' } }, undefined, /expected 1 to 3/],
    ['a number', { annotations: { 'solovirt.io/panic-dumps': 'yes' } }, undefined, /"yes"/],
    [
      'none without a panic device',
      { annotations: { 'solovirt.io/panic-dumps': '1', 'solovirt.io/panic-device': 'none' } },
      undefined,
      /no panic is noticed/,
    ],
  ])('dumps at panics are kept: %s', ([, parts, expected, words]) => {
    const { vm, problems } = onlyDocument(manifestText(parts));
    expect(problems.map(({ message }) => message).join()).toMatch(words);
    expect(vm?.template.spec.panicDumps).toBe(expected);
  });

  test('for a watchdog reset by default', () => {
    expect(instanceOf({ devices: { watchdog: { name: 'dog' } } }).watchdog).toEqual({
      name: 'dog',
      action: 'reset',
    });
    expect(instanceOf({}).watchdog).toBeUndefined();
  });

  test.for([
    [{}, { persistent: false }],
    [{ persistent: true }, { persistent: true }],
    [{ enabled: true, persistent: false }, { persistent: false }],
    [{ enabled: false, persistent: true }, undefined],
  ] as const)('of the TPM %j are %j', ([tpm, expected]) => {
    expect(instanceOf({ devices: { tpm } }).tpm).toEqual(expected);
    expect(instanceOf({}).tpm).toBeUndefined();
  });

  test('on a bus that is not sata may be read-only', () => {
    const volumes = [{ name: 'a', emptyDisk: { capacity: '1Mi' } }];
    const read = (disk: object) =>
      instanceOf({ instance: { volumes }, devices: { disks: [{ name: 'a', ...disk }] } }).disks[0];
    for (const bus of ['virtio', 'scsi', 'usb'])
      expect(read({ disk: { bus, readonly: true } })).toMatchObject({ bus, readonly: true });
    expect(read({ cdrom: {} })).toMatchObject({ device: 'cdrom', bus: 'sata', readonly: true });
    expect(read({})).toMatchObject({ device: 'disk', bus: 'sata', readonly: false });
    expect(read({ serial: 'x'.repeat(36), disk: { bus: 'scsi' } })).toMatchObject({
      serial: 'x'.repeat(36),
    });
  });

  test('of a field that is false as by default are no problem', () => {
    const off = { blockMultiQueue: false, disableHotplug: false, gpus: [], sound: null };
    expect(problemsOf({ devices: off, domain: { cpu: { isolateEmulatorThread: false } } })).toEqual(
      [],
    );
  });
});

describe('host ports', () => {
  const nic = (name: string, ports?: readonly object[]) => ({
    name,
    masquerade: {},
    ...(ports && { ports }),
  });
  const parts = (hostPorts: string, interfaces: readonly { readonly name: string }[]): Parts => ({
    templateAnnotations: { 'solovirt.io/host-ports': hostPorts },
    devices: { interfaces },
    instance: { networks: interfaces.map(({ name }) => ({ name, pod: {} })) },
  });
  const forwards = (input: Parts) =>
    instanceOf(input).interfaces.map((one) =>
      one.forwards.map((f) => `${f.hostAddress}:${f.hostPort}:${f.guestPort}/${f.protocol}`),
    );

  test('lead to the default interface, on the loopback address', () => {
    const annotations = { 'solovirt.io/host-ports': ' 2222:22,8080:80/TCP\n5353:53/udp ' };
    expect(forwards({ annotations })).toEqual([
      ['127.0.0.1:2222:22/tcp', '127.0.0.1:8080:80/tcp', '127.0.0.1:5353:53/udp'],
    ]);
  });

  test('lead to the interface that declares the port, else to the first without a list', () => {
    const web = nic('web', [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ]);
    const input = parts('1.2.3.4:80:http 5300:dns 2222:22 5301:53', [
      web,
      nic('open'),
      nic('late'),
    ]);
    expect(forwards(input)).toEqual([
      ['1.2.3.4:80:80/tcp', '127.0.0.1:5300:53/udp'],
      ['127.0.0.1:2222:22/tcp', '127.0.0.1:5301:53/tcp'],
      [],
    ]);
  });

  test('may be the same on other addresses or protocols', () => {
    const input = parts('127.0.0.1:80:1 127.0.0.2:80:1 80:1/udp', [nic('a')]);
    expect(forwards(input)[0]).toHaveLength(3);
  });

  test.for(['80:1 80:2', '80:1 0.0.0.0:80:2', '0.0.0.0:80:2 1.1.1.1:80:2'])(
    'collide in %j',
    (entries) => {
      expect(problemsOf(parts(entries, [nic('a')]))).toEqual([
        'duplicate-host-port spec.template.metadata.annotations[solovirt.io/host-ports]',
      ]);
    },
  );

  test.for([
    '80',
    'a:80',
    '80:80/sctp',
    '::1:80:80',
    '65536:1',
    '1:65536',
    '1.2.3:80:80',
    '01.2.3.4:1:1',
  ])('are refused in the form %j', (entry) => {
    expect(problemsOf(parts(entry, [nic('a')]))).toEqual([
      'invalid-host-port spec.template.metadata.annotations[solovirt.io/host-ports]',
    ]);
  });

  test('are limited in number', () => {
    const entries = Array.from({ length: 300 }, (_, index) => `${index + 1}:80`).join(' ');
    expect(problemsOf(parts(entries, [nic('a')]))[0]).toMatch(/^out-of-range /);
  });
});

describe('lists that are none', () => {
  const disks = [{ name: 'a' }];
  const seven = [...'abcdefg'].map((name) => ({ name, emptyDisk: { capacity: '1Mi' } }));
  const interfaces = [{ name: 'a', masquerade: {} }];

  test.for<[Parts, string]>([
    [{ devices: { disks }, instance: { volumes: {} } }, 'spec.template.spec.volumes'],
    [{ devices: { interfaces }, instance: { networks: 'pod' } }, 'spec.template.spec.networks'],
    [{ devices: { disks: {} }, instance: { volumes: seven } }, `${DOMAIN}.devices.disks`],
    [
      { devices: { interfaces: {} }, instance: { networks: [{ name: 'a', pod: {} }] } },
      `${DOMAIN}.devices.interfaces`,
    ],
  ])('cause no problem but that: %#', ([parts, path]) => {
    expect(problemsOf(parts)).toEqual([`wrong-type ${path}`]);
  });
});

describe('interfaces', () => {
  test.for<[string, Parts, number]>([
    ['one by default', {}, 1],
    ['none when turned off', { devices: { autoattachPodInterface: false } }, 0],
    [
      'as listed',
      {
        devices: { autoattachPodInterface: false, interfaces: [{ name: 'a', masquerade: {} }] },
        instance: { networks: [{ name: 'a', pod: {} }] },
      },
      1,
    ],
  ])('are %s', ([, parts, count]) => {
    expect(instanceOf(parts).interfaces).toHaveLength(count);
  });

  const passt = (more: object, network: object): Parts => ({
    templateAnnotations: { 'solovirt.io/host-ports': '8080:80' },
    devices: { interfaces: [{ name: 'a', passtBinding: {}, ...more }] },
    instance: { networks: [{ name: 'a', ...network }] },
  });

  test('are behind passt where they say so, with their forwarded ports', () => {
    expect(instanceOf(passt({}, { pod: {} })).interfaces).toMatchObject([
      { kind: 'passt', forwards: [{ hostPort: 8080, guestPort: 80 }] },
    ]);
  });

  test('have one binding, and that of passt is for the pod network', () => {
    const path = `${DOMAIN}.devices.interfaces[0]`;
    expect(problemsOf(passt({ masquerade: {} }, { pod: {} }))).toEqual([
      `mutually-exclusive ${path}.passtBinding`,
    ]);
    expect(problemsOf(passt({}, { multus: { networkName: 'lan' } }))).toEqual([
      `invalid-value ${path}.passtBinding`,
    ]);
  });
});
