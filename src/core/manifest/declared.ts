/**
 * From an object as clients send it to what a VM file declares: without what the server manages, and without what means
 * nothing, so that an object that was read and sent back changes nothing in the file.
 */

import type { Json, JsonObject } from '../model/json.ts';
import { asObject } from '../model/json.ts';
import { isJsonList, isJsonObject, ownField, sameJson } from './same-json.ts';
import { DEFAULT_NAMESPACE, SERVER_FIELDS } from './sections/metadata.ts';

/** What a new file is to declare. */
export function declaredNew(sent: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = sent;
  const kept = Object.entries(asObject(metadata)).filter(
    ([name]) => !SERVER_FIELDS.includes(name) && name !== 'generateName',
  );
  return withoutNulls({ ...rest, metadata: Object.fromEntries(kept) });
}

/** What a file that declares `current` is to declare, after a client has sent `sent` for it. */
export function declaredAfter(sent: JsonObject, current: JsonObject): JsonObject {
  const { status: _, metadata, apiVersion: __, ...rest } = sent;
  const before = asObject(current['metadata']);
  const own = (name: string): boolean => Object.hasOwn(before, name);
  // What the server manages is the file's business, should somebody have pasted it there.
  const managed = [...SERVER_FIELDS, 'generateName'].filter(own);
  const next: Record<string, Json> = {};
  for (const [name, value] of Object.entries(asObject(metadata))) {
    if (SERVER_FIELDS.includes(name) || name === 'generateName') continue;
    if (name === 'namespace' && !own(name) && value === DEFAULT_NAMESPACE) continue;
    if ((name === 'labels' || name === 'annotations') && !own(name) && sameJson(value, {}))
      continue;
    next[name] = value;
  }
  for (const name of managed) next[name] = before[name] ?? null;
  if (own('namespace')) next['namespace'] ??= before['namespace'] ?? null;
  const kept = ['apiVersion', 'status'].filter((name) => Object.hasOwn(current, name));
  const fixed = Object.fromEntries(kept.map((name) => [name, current[name] ?? null]));
  return settled({ ...rest, metadata: next, ...fixed }, current) as JsonObject;
}

/** `null` counts as absent, in what was sent and in the file: neither is a change of the other. */
function settled(sent: Json, current: Json | undefined): Json {
  if (isJsonList(sent)) {
    const items = isJsonList(current) ? current : [];
    return sent.map((item, index) => settled(item, items[index]));
  }
  if (!isJsonObject(sent)) return sent;
  const before = isJsonObject(current) ? current : {};
  const fields = Object.entries(sent).flatMap(([name, value]) =>
    value === null && ownField(before, name) !== null
      ? []
      : [[name, settled(value, ownField(before, name))] as const],
  );
  const named = new Set(fields.map(([name]) => name));
  const nulls = Object.entries(before).filter(
    ([name, value]) => value === null && !named.has(name),
  );
  return Object.fromEntries([...fields, ...nulls]);
}

function withoutNulls(value: JsonObject): JsonObject {
  return settled(value, undefined) as JsonObject;
}
