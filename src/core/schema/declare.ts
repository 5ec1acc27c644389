/**
 * Declares the type of objects that are written by the server, next to their TypeScript type: the compiler asks for a
 * row for every field of it, so that a field that is added there cannot be forgotten here.
 */
import type { Field, FieldNote, ObjectType, Schema } from './schema.ts';

export type FieldsOf<T> = { readonly [K in keyof Required<T> & string]: Field };

/** Fields of `T` that are always there. */
type RequiredOf<T> = {
  [K in keyof T & string]: object extends Pick<T, K> ? never : K;
}[keyof T & string];

/** @param required those that the server always sends; the compiler takes no optional one */
export function declareType<T>(
  about: Pick<ObjectType, 'name' | 'package' | 'description'>,
  fields: FieldsOf<T>,
  required: readonly RequiredOf<T>[] = [],
): ObjectType {
  return { ...about, fields, required, refused: [] };
}

export function field(schema: Schema, description: string, note?: FieldNote): Field {
  return { schema, description, ...(note && { note }) };
}

/** A field of a KubeVirt type that KubeVirt has not. */
export function ownField(schema: Schema, description: string): Field {
  return field(schema, description, 'own');
}
