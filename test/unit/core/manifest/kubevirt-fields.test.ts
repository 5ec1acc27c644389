/**
 * The names that the tables use against KubeVirt's API schema, where a copy of that lies beside the checkout.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  KUBEVIRT_TYPES,
  type KubeVirtType,
  kubevirtFields,
} from '../../../../src/core/manifest/kubevirt-fields.ts';
import { supportedFields } from './supported-fields.ts';

const SCHEMA = new URL('../../../../../shared/reference/kubevirt-schema.json', import.meta.url);

/** Types that KubeVirt has from Kubernetes. */
const NAMES_OF_KUBERNETES: Readonly<Partial<Record<KubeVirtType, string>>> = {
  ObjectMeta: 'k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  ExecAction: 'k8s.io.api.core.v1.ExecAction',
  HTTPGetAction: 'k8s.io.api.core.v1.HTTPGetAction',
  HTTPHeader: 'k8s.io.api.core.v1.HTTPHeader',
  TCPSocketAction: 'k8s.io.api.core.v1.TCPSocketAction',
};

test.skipIf(!existsSync(SCHEMA))('the field names are those of the API schema of KubeVirt', () => {
  const { definitions } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
    definitions: Record<string, { properties?: Record<string, unknown> }>;
  };
  for (const type of KUBEVIRT_TYPES) {
    const name = NAMES_OF_KUBERNETES[type] ?? `v1.${type}`;
    const expected = Object.keys(definitions[name]?.properties ?? {}).toSorted();
    expect(definitions, type).toHaveProperty([name]);
    expect(kubevirtFields(type), type).toEqual(expected);
  }
});

test('every field that is read is a field of KubeVirt', () => {
  const fields = supportedFields();
  expect(fields.length).toBeGreaterThan(60);
  for (const { type, name } of fields) expect(kubevirtFields(type as KubeVirtType)).toContain(name);
});
