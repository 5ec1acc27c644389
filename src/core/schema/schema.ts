/**
 * What an object of the API or of a file looks like, as plain data: the one tree out of which the JSON Schema for
 * editors, the OpenAPI documents and `explain` are made. What a file may hold is derived from the readers that check it
 * (`from-readers.ts`); what only the server writes is declared in `api/contract-schema.ts`.
 */

import type { Pattern } from '../manifest/fields.ts';

export type Schema =
  | { readonly kind: 'text'; readonly mayBeEmpty?: boolean; readonly pattern?: Pattern }
  /** RFC 3339. */
  | { readonly kind: 'time' }
  | { readonly kind: 'integer'; readonly least?: number; readonly most?: number }
  | { readonly kind: 'flag' }
  /** A Kubernetes quantity: text, or a plain number. */
  | { readonly kind: 'quantity' }
  | { readonly kind: 'one-of'; readonly values: readonly string[] }
  /** KubeVirt takes more, this version this value alone. */
  | { readonly kind: 'only'; readonly value: string | boolean }
  | { readonly kind: 'list'; readonly item: Schema }
  | { readonly kind: 'map'; readonly value: Schema }
  | { readonly kind: 'object'; readonly type: ObjectType }
  /** An object of any fields. */
  | { readonly kind: 'any-object' }
  /** Anything at all. */
  | { readonly kind: 'any' };

export interface Field {
  /** In whole sentences, without what the schema says itself. */
  readonly description: string;
  readonly schema: Schema;
  /** What is assumed without the field, where that is one value. */
  readonly default?: string | number | boolean;
  /** Why the field is there although it has no effect, or whose it is. */
  readonly note?: FieldNote;
}

/**
 * `cluster-only`: accepted with a warning. `ignored`: the server sets it, a file may repeat it. `own`: KubeVirt has no
 * such field.
 */
export type FieldNote = 'cluster-only' | 'ignored' | 'own';

export interface ObjectType {
  /** Its Go name in KubeVirt or Kubernetes: `DomainSpec`. */
  readonly name: string;
  /** Where Kubernetes' OpenAPI documents have it; KubeVirt's own package unless given. */
  readonly package?: Package;
  readonly description: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly required: readonly string[];
  /** Fields that KubeVirt has and this version refuses: only an empty list of them asks for nothing. */
  readonly refused: readonly string[];
}

export type Package =
  | 'io.k8s.apimachinery.pkg.apis.meta.v1'
  | 'io.k8s.api.core.v1'
  | 'io.k8s.api.authorization.v1'
  | 'io.k8s.api.events.v1'
  | 'io.cncf.cni.k8s.v1'
  | 'io.solovirt.v1';

const NOTES: Readonly<Record<FieldNote, string>> = {
  'cluster-only': 'Concerns clusters: accepted with a warning, without effect on a single host.',
  ignored: 'Set by the server, and ignored in a file.',
  own: "solovirt's own: KubeVirt has no such field.",
};

/** All that is to be said about a field, in sentences. */
export function describeField({ description, schema, note }: Field): string {
  const sentences = [description];
  if (schema.kind === 'only') sentences.push(`This version accepts ${schema.value} alone.`);
  if (note !== undefined) sentences.push(NOTES[note]);
  return sentences.join(' ');
}

/** The type of the objects that a schema is about: its own, or that of its items. */
export function typeWithin(schema: Schema): ObjectType | undefined {
  switch (schema.kind) {
    case 'object':
      return schema.type;
    case 'list':
      return typeWithin(schema.item);
    case 'map':
      return typeWithin(schema.value);
    default:
      return undefined;
  }
}

export const TEXT: Schema = { kind: 'text', mayBeEmpty: true };
export const TIME: Schema = { kind: 'time' };
export const FLAG: Schema = { kind: 'flag' };
export const INTEGER: Schema = { kind: 'integer' };
export const TEXTS: Schema = { kind: 'map', value: TEXT };
export const ANY_OBJECT: Schema = { kind: 'any-object' };

export function oneOf(...values: readonly string[]): Schema {
  return { kind: 'one-of', values };
}

export function listOf(item: Schema | ObjectType): Schema {
  return { kind: 'list', item: 'kind' in item ? item : of(item) };
}

export function of(type: ObjectType): Schema {
  return { kind: 'object', type };
}
