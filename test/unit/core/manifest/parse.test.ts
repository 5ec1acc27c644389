import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_MANIFEST_BYTES, parseManifests } from '../../../../src/core/manifest/parse.ts';
import { MAX_PROBLEMS } from '../../../../src/core/manifest/report.ts';
import { MAX_DOCUMENTS } from '../../../../src/core/manifest/yaml-stream.ts';
import { onlyDocument } from './manifest-text.ts';

const GOOD = new URL('../../../fixtures/manifests/good/', import.meta.url);
const CIRROS = readFileSync(new URL('vm-cirros.yaml', GOOD), 'utf8');

describe('the example of the run-strategy document', () => {
  const { vm, identity, problems } = onlyDocument(CIRROS);

  test('has no problem and is named', () => {
    expect(problems).toEqual([]);
    expect(identity).toEqual({ namespace: 'default', name: 'vm-cirros' });
  });

  test('has every default filled in', () => {
    expect(vm).toMatchObject({
      name: 'vm-cirros',
      namespace: 'default',
      labels: { 'kubevirt.io/vm': 'vm-cirros' },
      annotations: {},
      runStrategy: 'Always',
      strategyField: 'runStrategy',
    });
    expect(vm?.template).toEqual({
      labels: { 'kubevirt.io/vm': 'vm-cirros' },
      annotations: {},
      spec: {
        cpu: { sockets: 1, cores: 1, threads: 1, model: 'host-model' },
        memoryBytes: 512 * 2 ** 20,
        machineType: 'q35',
        acpi: true,
        disks: [
          {
            name: 'containerdisk',
            device: 'disk',
            bus: 'virtio',
            readonly: false,
            errorPolicy: 'stop',
            source: { kind: 'containerDisk', image: 'kubevirt/cirros-container-disk-demo:latest' },
          },
        ],
        interfaces: [{ name: 'default', model: 'virtio', forwards: [] }],
        rng: false,
        panicDevices: ['pvpanic'],
        graphics: true,
        serialConsole: true,
        memBalloon: true,
        inputDevice: false,
        gracePeriodSeconds: 0,
        startPaused: false,
        rebootPolicy: 'Reboot',
      },
    });
  });

  test('is kept as written, without defaults', () => {
    expect(vm?.manifest).toMatchObject({
      apiVersion: 'kubevirt.io/v1alpha3',
      kind: 'VirtualMachine',
    });
    expect(vm?.manifest['spec']).toHaveProperty('template.spec.terminationGracePeriodSeconds', 0);
    expect(vm?.manifest['spec']).not.toHaveProperty('template.spec.domain.cpu');
  });
});

test('every supported field is read', () => {
  const { vm } = onlyDocument(readFileSync(new URL('full.yaml', GOOD), 'utf8'));
  expect(vm).toMatchObject({
    namespace: 'lab',
    labels: { tier: 'test' },
    runStrategy: 'RerunOnFailure',
  });
  expect(vm?.annotations).toEqual({ 'example.com/owner': 'somebody' });
  expect(vm?.dataVolumes).toEqual([
    {
      name: 'web-data',
      sizeBytes: 20 * 2 ** 30,
      contents: {
        kind: 'http',
        url: 'https://example.com/disk.qcow2',
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    },
  ]);
  expect(vm?.template.spec).toEqual({
    cpu: { sockets: 3, cores: 2, threads: 2, model: 'Haswell-noTSX' },
    memoryBytes: 1536 * 2 ** 20,
    machineType: 'pc-q35-7.2',
    acpi: false,
    kernelBoot: {
      source: {
        kind: 'container',
        image: 'registry.example.com:5000/kernels/debian:12',
        kernelPath: '/boot/vmlinuz',
        initrdPath: '/boot/initrd',
      },
      kernelArgs: 'console=ttyS0 quiet',
    },
    hostname: 'front',
    subdomain: 'lab',
    disks: [
      {
        name: 'root',
        device: 'disk',
        bus: 'virtio',
        readonly: false,
        bootOrder: 1,
        serial: 'A-1_b.2+c',
        cache: 'writeback',
        errorPolicy: 'report',
        source: {
          kind: 'containerDisk',
          image:
            'quay.io/example/disk@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          path: '/disk/root.qcow2',
        },
      },
      {
        name: 'data',
        device: 'disk',
        bus: 'scsi',
        readonly: true,
        errorPolicy: 'stop',
        source: {
          kind: 'hostDisk',
          path: '/srv/data.img',
          create: true,
          capacityBytes: 10_000_000_000,
        },
      },
      {
        name: 'tools',
        device: 'cdrom',
        bus: 'scsi',
        readonly: true,
        bootOrder: 3,
        errorPolicy: 'stop',
        source: { kind: 'hostDisk', path: '/srv/tools.iso', create: false },
      },
      {
        name: 'stick',
        device: 'disk',
        bus: 'usb',
        readonly: false,
        errorPolicy: 'stop',
        source: { kind: 'emptyDisk', capacityBytes: 1024 },
      },
      {
        name: 'claim',
        device: 'disk',
        bus: 'virtio',
        readonly: false,
        io: 'native',
        dedicatedIoThread: true,
        errorPolicy: 'stop',
        source: { kind: 'claim', claim: 'web.root', ephemeral: false },
      },
      {
        name: 'filled',
        device: 'disk',
        bus: 'scsi',
        readonly: false,
        errorPolicy: 'stop',
        source: { kind: 'claim', claim: 'web-data', ephemeral: false },
      },
      {
        name: 'seed',
        device: 'disk',
        bus: 'sata',
        readonly: false,
        errorPolicy: 'stop',
        source: {
          kind: 'cloudInit',
          format: 'ConfigDrive',
          userData: { kind: 'base64', base64: 'I2Nsb3VkLWNvbmZpZwo=' },
          networkData: { kind: 'text', text: '{}' },
        },
      },
      {
        name: 'config',
        device: 'disk',
        bus: 'sata',
        readonly: false,
        errorPolicy: 'stop',
        source: {
          kind: 'objectData',
          object: 'ConfigMap',
          name: 'web.config',
          label: 'OEMDRV',
          optional: true,
        },
      },
      {
        name: 'shared',
        device: 'disk',
        bus: 'sata',
        readonly: false,
        errorPolicy: 'stop',
        source: { kind: 'claim', claim: 'base', ephemeral: true },
      },
      {
        name: 'keys',
        device: 'disk',
        bus: 'sata',
        readonly: false,
        errorPolicy: 'stop',
        source: {
          kind: 'objectData',
          object: 'Secret',
          name: 'web-keys',
          label: 'cfgdata',
          optional: false,
        },
      },
      {
        name: 'scratch',
        device: 'disk',
        bus: 'sata',
        readonly: false,
        errorPolicy: 'stop',
        source: { kind: 'emptyDisk', capacityBytes: 2 ** 31 },
      },
    ],
    interfaces: [
      {
        name: 'net',
        model: 'e1000e',
        macAddress: 'de:ad:00:00:be:af',
        bootOrder: 2,
        forwards: [
          { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, guestPort: 80 },
          { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 5353, guestPort: 53 },
        ],
      },
    ],
    rng: true,
    watchdog: { name: 'dog', action: 'poweroff' },
    panicDevices: ['isa', 'pvpanic'],
    graphics: false,
    serialConsole: false,
    memBalloon: false,
    inputDevice: true,
    gracePeriodSeconds: 5,
    startPaused: true,
    rebootPolicy: 'Terminate',
    // The limit of 2Gi, and what QEMU needs for 12 CPUs.
    limits: { memoryBytes: (2048 + 347) * 2 ** 20 },
  });
});

describe('documents', () => {
  test('keep their place when some are empty, and follow anchors and merge keys', () => {
    const { documents } = parseManifests(readFileSync(new URL('anchors.yaml', GOOD), 'utf8'));
    expect(
      documents.map(({ index, startLine, identity }) => [index, startLine, identity?.name]),
    ).toEqual([
      [0, 1, 'first'],
      [2, 12, 'second'],
      [3, 29, 'third'],
    ]);
    expect(documents[1]?.vm).toMatchObject({ runStrategy: 'Always', strategyField: 'running' });
    expect(documents[1]?.vm?.template.spec.interfaces).toHaveLength(1);
    expect(documents[2]?.vm?.template.spec.cpu).toEqual({
      cores: 4,
      sockets: 2,
      threads: 1,
      model: 'max',
    });
  });

  test.for([
    ['nothing', ''],
    ['comments', '# only\n\n# this\n'],
    ['empty documents', '---\n---\n# x\n---\n'],
    ['null', '~\n'],
  ])('%s are none', ([, text]) => {
    expect(parseManifests(text ?? '')).toEqual({ documents: [], problems: [] });
  });

  test.for([
    ['a byte order mark', `\uFEFF${CIRROS}`],
    ['Windows line endings', CIRROS.replaceAll('\n', '\r\n')],
    ['a directive', `%YAML 1.2\n---\n${CIRROS}...\n`],
    ['JSON', JSON.stringify(onlyDocument(CIRROS).vm?.manifest)],
  ])('may have %s', ([, text]) => {
    const { vm, problems } = onlyDocument(text ?? '');
    expect(problems).toEqual([]);
    expect(vm).toEqual(onlyDocument(CIRROS).vm);
  });

  test('with a byte order mark have right columns', () => {
    const { problems } = onlyDocument('\uFEFFkind: VirtualMachine\r\nspec: {}\r\nfoo: 1');
    expect(problems.map(({ line, column, path }) => [line, column, path])).toContainEqual([
      3,
      1,
      'foo',
    ]);
    expect(problems.map(({ line, column, path }) => [line, column, path])).toContainEqual([
      1,
      1,
      'apiVersion',
    ]);
  });

  test('that are not YAML show that fault alone', () => {
    const { problems } = onlyDocument('foo: 1\nfoo: 2\nspec: {');
    expect(problems.map(({ code }) => code)).toEqual(['yaml-syntax']);
  });

  test('that are not YAML leave the text of the next one alone', () => {
    const { documents } = parseManifests(`spec: {}\n--\nmore: 1\n---\n${CIRROS}`);
    expect(documents.map(({ startLine, problems }) => [startLine, problems.length > 0])).toEqual([
      [1, true],
      [4, false],
    ]);
    expect(documents[1]?.text).toBe(`---\n${CIRROS}`);
  });

  test('that are not YAML are told of in few words', () => {
    const { problems } = onlyDocument(`a: b '${'long '.repeat(1000)}'\n*a}'${'x'.repeat(5000)}'`);
    expect(problems.length).toBeGreaterThan(0);
    for (const { message } of problems) expect(message.length).toBeLessThanOrEqual(160);
  });

  test.for([
    ['mistyped kind', '{ kind: VirtualMachin, metadata: { name: a } }', 'default/a'],
    ['no kind', '{ metadata: { name: a, namespace: b } }', 'b/a'],
    ['broken YAML', 'metadata: { name: a }\nspec: {', 'default/a'],
    ['null namespace', '{ metadata: { name: a, namespace: null } }', 'default/a'],
    ['bad namespace', '{ metadata: { name: a, namespace: B } }', undefined],
    ['bad name', '{ metadata: { name: A } }', undefined],
    ['number as name', '{ metadata: { name: 1 } }', undefined],
    ['another kind', '{ kind: Secret, metadata: { name: a } }', undefined],
    ['no metadata', '{ kind: VirtualMachine }', undefined],
  ] as const)('with %s tell their identity as far as they have one', ([, text, expected]) => {
    const { identity, vm } = onlyDocument(text);
    expect(vm).toBeUndefined();
    expect(identity && `${identity.namespace}/${identity.name}`).toBe(expected);
  });
});

describe('hostile files', () => {
  const laughs = ['a0: &a0 lol'];
  for (let level = 1; level < 30; level += 1)
    laughs.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  const chain = ['a0: &a0 x'];
  for (let level = 1; level < 100; level += 1) chain.push(`a${level}: &a${level} [*a${level - 1}]`);
  const keys = Array.from({ length: 300 }, (_, index) => `k${index}: 1`).join(', ');

  test.for([
    ['an alias bomb', laughs.join('\n'), 'too-complex'],
    [
      'long text many times',
      `a: &a ${'x'.repeat(100_000)}\nb: [${'*a, '.repeat(100)}]`,
      'too-complex',
    ],
    ['a chain of aliases', chain.join('\n'), 'too-complex'],
    [
      'merge keys that multiply',
      `a: &a { ${keys} }\nb:\n${'- <<: *a\n'.repeat(100)}`,
      'too-complex',
    ],
  ] as const)('with %s are refused in one problem', ([, text, code]) => {
    const { problems, vm } = onlyDocument(text);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(vm).toBeUndefined();
  });

  test.for([
    ['too many bytes', 'x'.repeat(MAX_MANIFEST_BYTES + 1), 'file-too-large'],
    ['too many bytes in few characters', 'ä'.repeat(MAX_MANIFEST_BYTES / 2 + 1), 'file-too-large'],
    ['too many documents', '---\na: 1\n'.repeat(MAX_DOCUMENTS + 1), 'too-many-documents'],
    ['too many lines', '\n'.repeat(100_001), 'too-complex'],
    ['brackets without end', '['.repeat(2000), 'too-deep'],
    ['dashes without end', '- '.repeat(2000), 'too-deep'],
    ['a lone bracket', '}', 'yaml-syntax'],
    ['a lone directive', '%YAML 1.2', 'yaml-syntax'],
  ] as const)('with %s are refused as a whole', ([, text, code]) => {
    const { documents, problems } = parseManifests(text);
    expect(documents).toEqual([]);
    expect(problems).toMatchObject([{ code, severity: 'error', path: '' }]);
  });

  test('with merge keys that multiply are refused before all are copied', () => {
    const { problems } = onlyDocument(`a: &a { ${keys} }\nb:\n${'- <<: *a\n'.repeat(100)}`);
    expect(problems[0]?.path).toMatch(/^b\[\d+\]$/);
  });

  test.for(['x', 'é', '€', '😀'])('of the largest size in UTF-8 are read: %s', (character) => {
    const bytes = (text: string) => new TextEncoder().encode(text).length;
    const room = MAX_MANIFEST_BYTES - bytes(CIRROS) - bytes('# ');
    const filler = character.repeat(Math.floor(room / bytes(character)));
    const text = `${CIRROS}# ${filler}`.padEnd(
      CIRROS.length + 2 + filler.length + (room % bytes(character)),
    );
    expect(bytes(text)).toBe(MAX_MANIFEST_BYTES);
    expect(parseManifests(text).documents[0]?.vm).toBeDefined();
    expect(parseManifests(`${text} `).problems[0]?.code).toBe('file-too-large');
  });

  test('with very many problems show the first ones', () => {
    const many = Array.from({ length: 3 * MAX_PROBLEMS }, (_, index) => `x${index}: 1`).join('\n');
    const { problems } = onlyDocument(`kind: VirtualMachine\n${many}`);
    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)?.code).toBe('too-many-problems');
  });

  test('cannot reach into prototypes', () => {
    const { vm } = onlyDocument(
      CIRROS.replace('kubevirt.io/vm: vm-cirros\n  name', '__proto__: polluted\n  name'),
    );
    expect(vm?.labels).toHaveProperty('__proto__', 'polluted');
    expect(Object.keys(vm?.labels ?? {})).toEqual(['__proto__']);
    expect({}).not.toHaveProperty('polluted');
    expect(onlyDocument('constructor: {}').problems[0]?.code).toBe('unknown-field');
  });
});

describe('parsing never throws and gives sound positions', () => {
  const soundly = (text: string) => {
    const { documents, problems } = parseManifests(text);
    const lines = text.split('\n').length;
    return [...problems, ...documents.flatMap((document) => document.problems)].every(
      ({ line, column }) => line >= 1 && line <= lines && column >= 1,
    );
  };
  const yamlish = fc.string({
    unit: fc.constantFrom(
      ...'abk:-?#&*!|>%@`\'"[]{},.<=~0\t\n\r \u0000\uFEFFé'.split(''),
      '---\n',
      '<<: ',
      '\n  ',
    ),
    maxLength: 60,
  });

  test('for any text', () => {
    // Any UTF-16 unit, halves of pairs too; fast-check's own unit for that takes a second to set up.
    const units = fc.array(fc.nat({ max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    fc.assert(fc.property(fc.oneof(units, yamlish), soundly), { numRuns: 300 });
  });

  test('for manifests with a stretch replaced', () => {
    const place = fc.nat({ max: CIRROS.length });
    fc.assert(
      fc.property(place, fc.nat({ max: 20 }), yamlish, (start, length, inserted) =>
        soundly(CIRROS.slice(0, start) + inserted + CIRROS.slice(start + length)),
      ),
      { numRuns: 100 },
    );
  });

  test('for any JSON value in the place of any field', () => {
    const root = onlyDocument(CIRROS).vm?.manifest;
    const places = JSON.stringify(root).matchAll(/:/g);
    const text = JSON.stringify(root);
    const at = [...places].map((match) => match.index + 1);
    fc.assert(
      fc.property(fc.constantFrom(...at), fc.json({ maxDepth: 2 }), (index, value) =>
        soundly(`${text.slice(0, index)}${value}, x: ${text.slice(index)}`),
      ),
      { numRuns: 100 },
    );
  });
});
