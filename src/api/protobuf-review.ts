/**
 * An access review as `kubectl auth can-i` sends it: in protobuf, whatever else is accepted. Messages are those of
 * k8s.io/apimachinery `runtime/generated.proto` and k8s.io/api `authorization/v1/generated.proto`, as far as they are
 * looked at. Pure.
 */
import protobuf from 'protobufjs/light.js';
import type { Json, JsonObject } from '../core/model/json.ts';

type Fields = Readonly<Record<string, readonly [type: string, id: number]>>;

const MESSAGES: Readonly<Record<string, Fields>> = {
  Unknown: { typeMeta: ['TypeMeta', 1], raw: ['bytes', 2] },
  TypeMeta: { apiVersion: ['string', 1], kind: ['string', 2] },
  Review: { spec: ['Spec', 2] },
  Spec: {
    resourceAttributes: ['ResourceAttributes', 1],
    nonResourceAttributes: ['NonResourceAttributes', 2],
  },
  RulesReview: { spec: ['RulesSpec', 2] },
  RulesSpec: { namespace: ['string', 1] },
  ResourceAttributes: {
    namespace: ['string', 1],
    verb: ['string', 2],
    group: ['string', 3],
    version: ['string', 4],
    resource: ['string', 5],
    subresource: ['string', 6],
    name: ['string', 7],
  },
  NonResourceAttributes: { path: ['string', 1], verb: ['string', 2] },
};

/** Every object begins with these bytes (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`). */
const MAGIC = Buffer.from('k8s\0', 'latin1');

/**
 * @returns the review as JSON has it; undefined for what is no object in protobuf
 */
export function decodeReview(bytes: Uint8Array): JsonObject | undefined {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) return undefined;
  const root = protobuf.Root.fromJSON({
    nested: Object.fromEntries(
      Object.entries(MESSAGES).map(([name, fields]) => [
        name,
        {
          fields: Object.fromEntries(
            Object.entries(fields).map(([field, [type, id]]) => [field, { type, id }]),
          ),
        },
      ]),
    ),
  });
  const read = (name: string, from: Uint8Array): Record<string, unknown> => {
    const type = root.lookupType(name);
    return type.toObject(type.decode(from));
  };
  try {
    const { typeMeta, raw } = read('Unknown', bytes.subarray(MAGIC.length));
    const { apiVersion = '', kind = '' } = (typeMeta ?? {}) as Record<string, string>;
    const message = kind === 'SelfSubjectRulesReview' ? 'RulesReview' : 'Review';
    const { spec = {} } = raw instanceof Uint8Array ? read(message, raw) : {};
    return { apiVersion, kind, spec: spec as Json };
  } catch {
    return undefined;
  }
}
