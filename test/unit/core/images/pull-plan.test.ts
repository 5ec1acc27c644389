/** Which images a registry is asked about. */
import { describe, expect, test } from 'vitest';
import {
  isOfRegistry,
  type Presence,
  type PullPlan,
  pullPlan,
  wantedImages,
} from '../../../../src/core/images/pull-plan.ts';
import type { DiskSpec, PullPolicy } from '../../../../src/core/model/storage.ts';
import { virtualMachine } from '../../../support/build.ts';

const TAG = 'quay.io/example/web:1';
const LATEST = 'quay.io/example/web:latest';
const NO_TAG = 'quay.io/example/web';
const PINNED = `quay.io/example/web@sha256:${'0'.repeat(64)}`;
const LOCAL = 'example/web:1';

type Row = readonly [string, PullPolicy | undefined, Presence, PullPlan];

test.for<Row>([
  [TAG, undefined, 'absent', 'pull'],
  [TAG, undefined, 'pulled', 'use'],
  [TAG, 'Always', 'pulled', 'refresh'],
  [TAG, 'Never', 'absent', 'use'],
  [TAG, 'Never', 'pulled', 'use'],
  [LATEST, undefined, 'absent', 'pull'],
  [LATEST, undefined, 'pulled', 'refresh'],
  [NO_TAG, undefined, 'pulled', 'refresh'],
  [LATEST, 'IfNotPresent', 'pulled', 'use'],
  [PINNED, undefined, 'absent', 'pull'],
  [PINNED, undefined, 'pulled', 'use'],
  [PINNED, 'Always', 'pulled', 'use'],
])('%s under %s, which is %s: %s', ([image, pullPolicy, presence, plan]) => {
  expect(pullPlan({ image, ...(pullPolicy && { pullPolicy }) }, presence)).toBe(plan);
});

const POLICIES: readonly (PullPolicy | undefined)[] = [
  undefined,
  'Always',
  'IfNotPresent',
  'Never',
];

describe('no registry is asked', () => {
  test.for(POLICIES)('about what somebody put there, under %s', (pullPolicy) => {
    for (const image of [TAG, LATEST, NO_TAG, PINNED])
      expect(pullPlan({ image, ...(pullPolicy && { pullPolicy }) }, 'placed')).toBe('use');
  });

  test.for(POLICIES)('about a name that begins with none, under %s', (pullPolicy) => {
    for (const presence of ['absent', 'placed', 'pulled'] as const)
      for (const image of [LOCAL, 'web', 'localhost/web:1'])
        expect(pullPlan({ image, ...(pullPolicy && { pullPolicy }) }, presence)).toBe('use');
  });
});

test('a registry is a host with a dot or a port', () => {
  const names = ['a.b/x', 'host:5000/x', 'localhost:5000/x', 'localhost/x', 'a/b/x', 'x:1'];
  expect(names.filter(isOfRegistry)).toEqual(['a.b/x', 'host:5000/x', 'localhost:5000/x']);
});

test('a VM wants the images of its disks, kernel and initial RAM disk, each file once', () => {
  const { template, ...vm } = virtualMachine('Always');
  const source = { kind: 'containerDisk', image: TAG, pullSecret: 'login' } as const;
  const disk: DiskSpec = {
    ...{ name: 'root', device: 'disk', bus: 'virtio', readonly: false, errorPolicy: 'stop' },
    source,
  };
  const disks = [disk, disk];
  const kernel = { kind: 'container', image: LATEST, kernelPath: 'vmlinuz' } as const;
  const kernelBoot = { source: { ...kernel, initrdPath: 'initrd' }, kernelArgs: '' };
  const spec = { ...template.spec, disks, kernelBoot };
  const wanted = wantedImages({ ...vm, template: { ...template, spec } });
  expect(wanted).toEqual([
    { image: TAG, pullSecret: 'login' },
    { image: LATEST, path: 'vmlinuz' },
    { image: LATEST, path: 'initrd' },
  ]);
});
