import { describe, expect, test } from 'vitest';
import { createLocator } from '../../../src/core/manifest/locate.ts';
import { parseManifests } from '../../../src/core/manifest/parse.ts';
import type { VirtualMachine } from '../../../src/core/model/virtual-machine.ts';
import {
  machineFindings,
  memoryFindings,
  portsField,
  sizeFindings,
  takenFindings,
  volumeField,
} from '../../../src/core/preflight.ts';

const GIB = 2 ** 30;
const TEXT = `---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
  annotations: {solovirt.io/host-ports: "8080:80"}
spec:
  running: true
  template:
    spec:
      domain:
        memory: {guest: 1Gi}
        devices:
          interfaces: [{name: default, masquerade: {}}]
      networks: [{name: default, pod: {}}]
      volumes:
        - name: system
          containerDisk: {image: x}
        - name: data
          hostDisk: {path: /data, type: Disk}
`;

function vmOf(text: string): VirtualMachine {
  const [document] = parseManifests(text).documents;
  if (document?.vm === undefined) throw new Error(JSON.stringify(document?.problems));
  return document.vm;
}

const web = vmOf(TEXT);
const { spec } = web.template;

test('a disk that is larger than asked for is told, for it is never shrunk', () => {
  const volume = { name: 'data', contents: { kind: 'blank' }, sizeBytes: GIB } as const;
  const vm = { ...web, dataVolumes: [{ ...volume, name: 'other' }, volume] };
  const codes = (bytes: number | undefined) =>
    sizeFindings(vm, (claim) => (claim === 'data' ? bytes : undefined)).map(({ field }) => field);
  expect(codes(2 * GIB)).toEqual([['spec', 'dataVolumeTemplates', 1]]);
  expect(codes(GIB)).toEqual([]);
  expect(codes(undefined)).toEqual([]);
});

describe('a field is found where it stands', () => {
  const locate = createLocator(TEXT);
  test.for([
    [volumeField(web, 'data'), 'spec.template.spec.volumes[1]', 19, 11],
    [portsField(web), 'metadata.annotations[solovirt.io/host-ports]', 6, 41],
    [['spec', 'template', 'spec', 'domain', 'memory'], 'spec.template.spec.domain.memory', 12, 17],
    // Not written: the nearest above.
    [['spec', 'template', 'spec', 'domain', 'machine', 'type'], 'spec.template.spec.domain', 12, 9],
    [[], '', 2, 1],
  ] as const)('%j', ([steps, path, line, column]) => {
    expect(locate(0, steps)).toEqual({ path, line, column });
  });

  test('in a file that is no YAML, at its beginning', () => {
    expect(createLocator('{')(0, ['spec'])).toEqual({ path: '', line: 1, column: 1 });
  });
});

test.for([
  [{ totalBytes: 8 * GIB, availableBytes: 4 * GIB }, []],
  [{ totalBytes: 8 * GIB, availableBytes: GIB }, ['little-memory']],
  [{ totalBytes: GIB, availableBytes: GIB / 2 }, ['more-memory-than-host']],
] as const)('a host with the memory %j', ([memory, codes]) => {
  expect(memoryFindings(spec, memory).map(({ code }) => code)).toEqual(codes);
});

test('a machine type that QEMU does not know is an error', () => {
  expect(machineFindings(spec, new Set(['q35', 'pc']))).toEqual([]);
  expect(machineFindings(spec, new Set(['pc']))[0]?.message).toContain('no machine type q35');
});

describe('what another running VM has', () => {
  const other = { vm: { namespace: 'default', name: 'db' }, spec };

  test('its disk of the host and its port are taken, an image is not', () => {
    const found = takenFindings(web, [other]);
    expect(found.map(({ code, field }) => [code, field.at(-1)])).toEqual([
      ['disk-in-use', 1],
      ['port-in-use', 'solovirt.io/host-ports'],
    ]);
    expect(found[0]?.message).toBe(
      '/data is in use by VM default/db; stop that one first, or give this one a disk of its own',
    );
  });

  test('another port, another address and a disk that both only read are free', () => {
    const elsewhere = vmOf(TEXT.replace('8080:80', '127.0.0.2:8080:80').replace('/data', '/other'));
    expect(takenFindings(elsewhere, [other])).toEqual([]);
    const everywhere = vmOf(TEXT.replace('8080:80', '0.0.0.0:8080:80').replace('/data', '/other'));
    expect(takenFindings(everywhere, [other])).toHaveLength(1);
  });

  test('a claim is one disk in its namespace, and an ephemeral one is nobody’s', () => {
    const claim = (text: string, port = 8081) =>
      vmOf(
        TEXT.replace('8080:80', `${port}:80`).replace('hostDisk: {path: /data, type: Disk}', text),
      );
    const own = 'persistentVolumeClaim: {claimName: c}';
    const holder = { vm: other.vm, spec: claim(own, 8082).template.spec };
    expect(takenFindings(claim('dataVolume: {name: c}'), [holder])[0]?.message).toContain(
      'the claim default/c is in use by VM default/db',
    );
    expect(takenFindings(claim(`ephemeral: {${own}}`), [holder])).toEqual([]);
    const elsewhere = { ...holder, vm: { namespace: 'other', name: 'db' } };
    expect(takenFindings(claim(own), [elsewhere])).toEqual([]);
  });
});
