/**
 * Finds a field by its path, or by the end of its path, and says what was probably meant when there is none.
 */
import { suggest } from '../manifest/suggest.ts';
import { type Field, type ObjectType, typeWithin } from './schema.ts';

/** A field, or a whole object where `field` is absent. */
export interface Place {
  /** Below the object: `['spec', 'runStrategy']`. */
  readonly path: readonly string[];
  readonly field?: Field;
  readonly required: boolean;
  /** What stands inside it, if it is an object or a list of objects. */
  readonly type?: ObjectType;
}

export type Found =
  | { readonly kind: 'found'; readonly place: Place }
  /** KubeVirt has it, this version refuses it. */
  | { readonly kind: 'refused'; readonly path: readonly string[] }
  | {
      readonly kind: 'unknown';
      readonly name: string;
      /** The object that has no such field. */
      readonly inside: readonly string[];
      readonly known: readonly string[];
      readonly meant?: string;
    };

/** `spec.volumes[0].name` and `spec.volumes[].name` are `['spec', 'volumes', 'name']`. */
export function splitPath(text: string): readonly string[] {
  return text
    .replaceAll(/\[\d*\]/g, '')
    .split('.')
    .filter((part) => part !== '');
}

export function findField(root: ObjectType, path: readonly string[]): Found {
  let place: Place = { path: [], required: true, type: root };
  for (const name of path) {
    const { type } = place;
    const inner =
      type !== undefined && Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    const at: readonly string[] = [...place.path, name];
    if (inner === undefined) {
      if (type?.refused.includes(name) === true) return { kind: 'refused', path: at };
      const known = Object.keys(type?.fields ?? {});
      const meant = suggest(name, known);
      return {
        kind: 'unknown',
        name,
        inside: place.path,
        known,
        ...(meant !== undefined && { meant: [...place.path, meant].join('.') }),
      };
    }
    place = placeOf(at, inner, type?.required.includes(name) === true);
  }
  return { kind: 'found', place };
}

/** Every field of a type and of what is inside it, outer ones first. */
export function* allFields(root: ObjectType, at: readonly string[] = []): Generator<Place> {
  for (const [name, field] of Object.entries(root.fields)) {
    const place = placeOf([...at, name], field, root.required.includes(name));
    yield place;
    if (place.type !== undefined) yield* allFields(place.type, place.path);
  }
}

/** The fields whose path ends like that: `domain.cpu`, `bootOrder`. */
export function fieldsEndingIn(root: ObjectType, end: readonly string[]): readonly Place[] {
  return [...allFields(root)].filter(
    ({ path, field }) =>
      field?.note !== 'ignored' && path.slice(-end.length).join('.') === end.join('.'),
  );
}

function placeOf(path: readonly string[], field: Field, required: boolean): Place {
  const type = typeWithin(field.schema);
  return { path, field, required, ...(type && { type }) };
}
