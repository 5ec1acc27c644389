/** JSON merge patch (RFC 7386). */
import { isJsonObject, ownField } from '../manifest/same-json.ts';
import type { Json, JsonObject } from '../model/json.ts';

/** The object with the patch's fields in it; `null` takes a field away. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const names = Object.entries(patch);
  const gone = new Set(names.flatMap(([name, value]) => (value === null ? [name] : [])));
  const kept = Object.entries(target).filter(([name]) => !gone.has(name));
  const put = names.flatMap(([name, value]) =>
    value === null ? [] : [[name, merged(ownField(target, name), value)] as const],
  );
  return Object.fromEntries([...kept, ...put]);
}

function merged(target: Json | undefined, value: Json): Json {
  if (!isJsonObject(value)) return value;
  return mergePatch(isJsonObject(target) ? target : {}, value);
}
