/**
 * All the fields that the tables read, found by walking them.
 */
import type { Read } from '../../../../src/core/manifest/fields.ts';
import { VIRTUAL_MACHINE } from '../../../../src/core/manifest/sections/virtual-machine.ts';

export interface SupportedField {
  /** As documentation writes it: `spec.template.spec.domain.devices.disks[].name`. */
  readonly path: string;
  /** The KubeVirt type it belongs to. */
  readonly type: string;
  readonly name: string;
  /** Accepted with a warning and without effect. */
  readonly clusterOnly: boolean;
}

export function supportedFields(): readonly SupportedField[] {
  return walk(VIRTUAL_MACHINE, '');
}

function walk(read: Read<unknown>, path: string): readonly SupportedField[] {
  const { inside } = read;
  if (inside === undefined) return [];
  if (inside.kind === 'items') return walk(inside.item, `${path}[]`);
  if (inside.kind !== 'fields') return [];
  const { type, fields, clusterOnly } = inside;
  const field = (name: string, ofClusters: boolean): SupportedField => ({
    path: path === '' ? name : `${path}.${name}`,
    type,
    name,
    clusterOnly: ofClusters,
  });
  return [
    ...clusterOnly.map((name) => field(name, true)),
    ...Object.entries(fields).flatMap(([name, child]) => {
      const found = field(name, false);
      return [found, ...walk(child, found.path)];
    }),
  ];
}
