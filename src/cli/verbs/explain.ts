/**
 * `solovirt explain`: what a field means, from the schema that ships with the client. Needs no daemon.
 */
import { KIND_NAMES, KIND_TYPES, KIND_VERSIONS } from '../../api/contract-schema.ts';
import { didYouMean, suggest } from '../../core/manifest/suggest.ts';
import { ANNOTATION_WORDS } from '../../core/schema/annotations.ts';
import {
  explainAnnotations,
  explainPlace,
  explainRecursively,
  type Subject,
} from '../../core/schema/explain.ts';
import {
  allFields,
  type Found,
  fieldsEndingIn,
  findField,
  type Place,
  splitPath,
} from '../../core/schema/find-field.ts';
import { manifestJsonSchema } from '../../core/schema/json-schema.ts';
import type { ObjectType } from '../../core/schema/schema.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';

const KIND = 'VirtualMachine';
const MAX_LISTED = 12;
const WIDTH = 100;

/** @throws CliError for a field that is not there, UsageError for a call that asks for nothing */
export async function explain(
  context: CliContext,
  asked: string | undefined,
  flags: { readonly recursive?: true; readonly jsonSchema?: true },
): Promise<void> {
  if (flags.jsonSchema === true) {
    await writeOut(context, `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
    return;
  }
  if (asked === undefined)
    throw new UsageError('a field to explain is missing', {
      hint: 'Try solovirt explain vm, or solovirt explain annotations.',
    });
  const width = Math.min(context.columns?.() ?? WIDTH, WIDTH);
  const lines = annotations(asked, width) ?? field(asked, width, flags.recursive === true);
  await writeOut(context, `${lines.join('\n')}\n`);
}

function annotations(asked: string, width: number): readonly string[] | undefined {
  if (asked === 'annotations' || asked === 'annotation') return explainAnnotations(width);
  const name = /(?:^|[[.])(solovirt\.io\/[^\]]*)\]?$/.exec(asked)?.[1];
  if (name === undefined) return undefined;
  if (Object.hasOwn(ANNOTATION_WORDS, name)) return explainAnnotations(width, name);
  const known = Object.keys(ANNOTATION_WORDS);
  throw new CliError(`solovirt has no annotation ${name}${didYouMean(name, known)}`, {
    hint: 'solovirt explain annotations tells them all.',
  });
}

function field(asked: string, width: number, recursive: boolean): readonly string[] {
  const { kind, place } = lookUp(splitPath(asked));
  const subject: Subject = { kind, apiVersion: KIND_VERSIONS[kind] ?? 'v1' };
  return recursive ? explainRecursively(subject, place) : explainPlace(subject, place, width);
}

function lookUp(path: readonly string[]): { readonly kind: string; readonly place: Place } {
  const [first = '', ...rest] = path;
  const kind = kindOf(first);
  if (kind !== undefined) return { kind, place: insist(findField(typeOf(kind), rest), kind) };
  const vm = typeOf(KIND);
  if (Object.hasOwn(vm.fields, first))
    return { kind: KIND, place: insist(findField(vm, path), KIND) };
  const [place, ...others] = fieldsEndingIn(vm, path);
  if (place === undefined) throw unknown(path, vm);
  if (others.length > 0) throw ambiguous(path, [place, ...others]);
  return { kind: KIND, place };
}

function kindOf(word: string): string | undefined {
  const wanted = word.toLowerCase();
  return Object.keys(KIND_NAMES).find(
    (kind) => kind.toLowerCase() === wanted || KIND_NAMES[kind]?.includes(wanted) === true,
  );
}

function typeOf(kind: string): ObjectType {
  const type = KIND_TYPES[kind];
  if (type === undefined) throw new Error(`${kind} has no type`);
  return type;
}

function insist(found: Found, kind: string): Place {
  switch (found.kind) {
    case 'found':
      return found.place;
    case 'refused':
      throw new CliError(
        `KubeVirt has the field ${found.path.join('.')}; this version of solovirt does not support it and refuses files with it`,
      );
    case 'unknown': {
      const inside = found.inside.length === 0 ? kind : found.inside.join('.');
      const hint =
        found.meant === undefined
          ? found.known.length === 0
            ? `${inside} has no fields inside.`
            : `Fields of ${inside}: ${found.known.join(', ')}.`
          : `Did you mean ${found.meant}?`;
      throw new CliError(`${inside} has no field ${JSON.stringify(found.name)}`, { hint });
    }
  }
}

function ambiguous(path: readonly string[], places: readonly Place[]): CliError {
  const listed = places.slice(0, MAX_LISTED).map((place) => `  ${place.path.join('.')}`);
  const rest = places.length - listed.length;
  return new CliError(`several fields are called ${path.join('.')}`, {
    hint: ['Name one of them:', ...listed, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n'),
  });
}

function unknown(path: readonly string[], vm: ObjectType): CliError {
  const name = path.at(-1) ?? '';
  const names = [...new Set([...allFields(vm)].flatMap((place) => place.path.at(-1) ?? []))];
  // Many names: each is compared by itself, for a suggestion looks at a limited number.
  const near = names.filter((candidate) => suggest(name, [candidate]) !== undefined);
  const meant = suggest(name, near);
  return new CliError(`no field is called ${JSON.stringify(path.join('.'))}`, {
    hint:
      meant === undefined
        ? 'Try solovirt explain vm --recursive, which names them all.'
        : `Did you mean ${meant}?`,
  });
}
