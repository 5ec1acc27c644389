import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../../../src/core/manifest/parse.ts';
import { memoryOverhead } from '../../../../src/core/qemu-args/memory-overhead.ts';
import { unitProperties } from '../../../../src/core/systemd/unit-properties.ts';
import { instanceSpec } from '../../../support/build.ts';

const MIB = 1024 * 1024;

interface Given {
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further fields of the domain, in flow style. */
  readonly domain?: string;
}

function parse({ annotations = {}, domain = '' }: Given) {
  const lines = Object.entries(annotations).map(
    ([name, value]) => `    solovirt.io/${name}: ${JSON.stringify(value)}\n`,
  );
  const text = `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
  annotations:
    example.org/note: here
${lines.join('')}spec:
  runStrategy: Always
  template:
    spec: {domain: {devices: {}, memory: {guest: 1Gi}${domain}}}
`;
  const [document] = parseManifests(text).documents;
  if (document === undefined) throw new Error('no document');
  return document;
}

const limits = (given: Given) => parse(given).vm?.template.spec.limits;

/** 240 + 1024/512 + 8 a vCPU + 8 + 32 for the display. */
const OVERHEAD = (240 + 2 + 8 + 8 + 32) * MIB;

describe('limits', () => {
  test.for<readonly [string, Given, object | undefined]>([
    ['none', {}, undefined],
    ['requests are none', { domain: ', resources: {requests: {memory: 1Gi, cpu: 1}}' }, undefined],
    [
      'of the memory: QEMU comes on top',
      { domain: ', resources: {limits: {memory: 2Gi}}' },
      { memoryBytes: 2048 * MIB + OVERHEAD },
    ],
    [
      'of the CPU, also below a whole one',
      { domain: ', resources: {limits: {cpu: 250m}}' },
      { cpuNano: 250_000_000 },
    ],
    [
      'of the CPU below what a kernel can grant',
      { domain: ', resources: {limits: {cpu: 1m}}' },
      { cpuNano: 10_000_000 },
    ],
    ['said directly', { annotations: { 'memory-max': '1500M' } }, { memoryBytes: 1_500_000_000 }],
    [
      'as small as the guest',
      { annotations: { 'memory-max': '1Gi' } },
      { memoryBytes: 1024 * MIB },
    ],
    ['in CPUs', { annotations: { 'cpu-quota': '1.5' } }, { cpuNano: 1_500_000_000 }],
    ['in thousandths', { annotations: { 'cpu-quota': '500m' } }, { cpuNano: 500_000_000 }],
    [
      'as weights',
      { annotations: { 'cpu-weight': '10000', 'io-weight': '1' } },
      { cpuWeight: 10_000, ioWeight: 1 },
    ],
    [
      'said directly win over resources',
      {
        annotations: { 'memory-max': '3Gi', 'cpu-quota': '2' },
        domain: ', cpu: {cores: 4}, resources: {limits: {memory: 2Gi, cpu: 4}}',
      },
      { memoryBytes: 3072 * MIB, cpuNano: 2_000_000_000 },
    ],
  ])('%s', ([, given, expected]) => {
    expect(limits(given)).toEqual(expected);
  });

  test.for<readonly [string, string, string, string]>([
    ['memory-max', '1Gb', 'invalid-value', 'did you mean "1G"?'],
    ['memory-max', '512Mi', 'out-of-range', 'at least the memory of its guest, 1024Mi'],
    ['memory-max', '-1', 'out-of-range', 'at least the memory of its guest'],
    ['memory-max', '1E', 'out-of-range', 'out of range'],
    ['cpu-quota', '50%', 'invalid-value', 'expected one such as 1.5 or 500m'],
    ['cpu-quota', '9m', 'out-of-range', 'expected 10m (1 % of a CPU) to 2000 CPUs'],
    ['cpu-quota', '2001', 'out-of-range', 'expected 10m (1 % of a CPU) to 2000 CPUs'],
    ['cpu-weight', '0', 'out-of-range', 'a weight is a whole number from 1 to 10000'],
    ['cpu-weight', 'idle', 'out-of-range', 'a weight is a whole number from 1 to 10000'],
    ['io-weight', '10001', 'out-of-range', 'a weight is a whole number from 1 to 10000'],
    ['io-weight', '1.5', 'out-of-range', 'a weight is a whole number from 1 to 10000'],
  ])('%s: %s is refused', ([name, value, code, message]) => {
    const { vm, problems } = parse({ annotations: { [name]: value } });
    expect(vm).toBeUndefined();
    expect(problems).toMatchObject([
      { code, severity: 'error', line: 7, message: expect.stringContaining(message) },
    ]);
  });
});

describe('what QEMU takes beyond its guest', () => {
  test.for([
    [{ memoryBytes: 512 * MIB }, 240 + 1 + 8 + 8],
    [{ memoryBytes: 512 * MIB, graphics: true }, 240 + 1 + 8 + 8 + 32],
    [{ memoryBytes: 64 * 1024 * MIB }, 240 + 128 + 8 + 8],
    [
      {
        memoryBytes: 512 * MIB,
        cpu: { sockets: 2, cores: 4, threads: 2, model: 'host-model' },
      },
      240 + 1 + 8 * 16 + 8,
    ],
  ] as const)('%j: %d MiB', ([change, mib]) => {
    expect(memoryOverhead(instanceSpec(change))).toBe(mib * MIB);
  });
});

describe('as properties of a unit', () => {
  test.for([
    [undefined, ['MemoryMax=infinity', 'CPUQuota=', 'CPUWeight=', 'IOWeight=']],
    [
      { memoryBytes: 1_500_000_000, cpuNano: 1_500_000_000 },
      ['MemoryMax=1500000000', 'CPUQuota=150%', 'CPUWeight=', 'IOWeight='],
    ],
    [
      { cpuNano: 333_000_000, cpuWeight: 20, ioWeight: 10_000 },
      ['MemoryMax=infinity', 'CPUQuota=34%', 'CPUWeight=20', 'IOWeight=10000'],
    ],
    [{ cpuNano: 10_000_000 }, ['MemoryMax=infinity', 'CPUQuota=1%', 'CPUWeight=', 'IOWeight=']],
  ] as const)('%j', ([given, expected]) => {
    expect(unitProperties(given)).toEqual(expected);
  });
});
