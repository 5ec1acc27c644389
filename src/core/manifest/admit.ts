/**
 * Whether an object may become what a VM file declares, found out by the rules for files themselves. Unknown fields are
 * a matter of Kubernetes' field validation: refused, or dropped with or without a word.
 */
import type { Json, JsonObject } from '../model/json.ts';
import type { Problem } from '../model/problem.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';
import { fieldPath, itemPath } from './field-path.ts';
import { parseManifests } from './parse.ts';
import { isJsonList, isJsonObject } from './same-json.ts';
import { writeManifest } from './write-yaml.ts';

export type Admission =
  | {
      readonly ok: true;
      readonly vm: VirtualMachine;
      /** Without the unknown fields. */
      readonly object: JsonObject;
      /** Paths of the fields that were dropped. */
      readonly dropped: readonly string[];
      readonly warnings: readonly Problem[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly unknown: readonly string[];
    };

/** A report stops counting at a hundred, so that dropping may take several rounds. Whoever sends more means something else. */
const MAX_ROUNDS = 5;

/** @param drop whether unknown fields are dropped; without that they refuse the object */
export function admit(object: JsonObject, drop: boolean): Admission {
  const dropped: string[] = [];
  let current = object;
  for (let round = 0; ; round += 1) {
    const { vm, problems } = judge(current);
    if (vm !== undefined) return { ok: true, vm, object: current, dropped, warnings: problems };
    const unknown = problems.filter(({ code }) => code === 'unknown-field').map(({ path }) => path);
    if (!drop || unknown.length === 0 || round === MAX_ROUNDS)
      return { ok: false, problems: errorsOf(problems), unknown: [...dropped, ...unknown] };
    dropped.push(...unknown);
    current = without(current, new Set(unknown), '') as JsonObject;
  }
}

function judge(object: JsonObject): {
  readonly vm?: VirtualMachine;
  readonly problems: readonly Problem[];
} {
  const { documents, problems } = parseManifests(writeManifest(object));
  const [document] = documents;
  if (document === undefined) return { problems };
  const all = [...problems, ...document.problems];
  return document.vm === undefined ? { problems: all } : { vm: document.vm, problems: all };
}

function errorsOf(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

function without(value: Json, paths: ReadonlySet<string>, at: string): Json {
  if (isJsonList(value))
    return value.map((item, index) => without(item, paths, itemPath(at, index)));
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value).flatMap(([name, inner]) => {
    const path = fieldPath(at, name);
    return paths.has(path) ? [] : [[name, without(inner, paths, path)] as const];
  });
  return Object.fromEntries(fields);
}
