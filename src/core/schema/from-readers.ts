/**
 * The readers that check a file as a schema, so that what is documented is what is checked.
 */
import type { Inside, Read } from '../manifest/fields.ts';
import { type KubeVirtType, kubevirtFields } from '../manifest/kubevirt-fields.ts';
import { CLUSTER_ONLY } from './cluster-only.ts';
import type { Field, ObjectType, Package, Schema } from './schema.ts';
import { WORDS } from './words.ts';

/** Types that KubeVirt has from Kubernetes. */
const OF_KUBERNETES: Readonly<Partial<Record<KubeVirtType, Package>>> = {
  ExecAction: 'io.k8s.api.core.v1',
  HTTPGetAction: 'io.k8s.api.core.v1',
  HTTPHeader: 'io.k8s.api.core.v1',
  TCPSocketAction: 'io.k8s.api.core.v1',
};

type Fields = Extract<Inside, { readonly kind: 'fields' }>;

/**
 * The type of objects that a reader of a map of fields reads.
 * @param instead types that are something else in an object of the API than in a file
 * @throws when the reader reads something else, or says nothing of what it reads
 */
export function objectTypeOf(
  read: Read<unknown>,
  instead: Readonly<Partial<Record<KubeVirtType, ObjectType>>> = {},
): ObjectType {
  const schema = schemaOf(read, instead);
  if (schema.kind !== 'object')
    throw new Error(`a reader of fields is expected, not ${schema.kind}`);
  return schema.type;
}

function schemaOf(
  { inside }: Read<unknown>,
  instead: Readonly<Partial<Record<KubeVirtType, ObjectType>>>,
): Schema {
  if (inside === undefined) throw new Error('every reader tells what it takes: see telling()');
  switch (inside.kind) {
    case 'fields':
      return { kind: 'object', type: instead[inside.type] ?? fieldsType(inside, instead) };
    case 'items':
      return { kind: 'list', item: schemaOf(inside.item, instead) };
    case 'map':
      return { kind: 'map', value: schemaOf(inside.value, instead) };
    default:
      return inside;
  }
}

function fieldsType(
  { type, fields, required, clusterOnly, ignored }: Fields,
  instead: Readonly<Partial<Record<KubeVirtType, ObjectType>>>,
): ObjectType {
  const words = WORDS[type];
  const field = (name: string, schema: Schema, note?: Field['note']): [string, Field] => {
    const said = words.fields[name];
    const { text, ...rest } = typeof said === 'object' ? said : { text: said ?? '' };
    return [name, { description: text, schema, ...rest, ...(note && { note }) }];
  };
  const known = new Set([...Object.keys(fields), ...clusterOnly, ...ignored]);
  const owner = OF_KUBERNETES[type];
  return {
    name: type,
    ...(owner && { package: owner }),
    description: words.about,
    fields: Object.fromEntries([
      ...Object.entries(fields).map(([name, read]) => field(name, schemaOf(read, instead))),
      ...clusterOnly.map((name) =>
        field(name, CLUSTER_ONLY[name] ?? { kind: 'any' }, 'cluster-only'),
      ),
      ...ignored.map((name) => field(name, { kind: 'any' }, 'ignored')),
    ]),
    required,
    refused: kubevirtFields(type).filter((name) => !known.has(name)),
  };
}
