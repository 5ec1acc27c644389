/**
 * Answers as the bytes that go out. What is answered again and again is written down once: its bytes are kept with the
 * object, so that whoever makes another object of it (in another version, without its secrets) gets other bytes.
 */

/** Longer ones are written anew each time: they would take more memory than the time is worth. */
const MAX_KEPT_BYTES = 64 * 1024;

/** Undefined for those that nobody has asked for yet. */
const KEPT = new WeakMap<object, Buffer | undefined>();

/** Marks an object that will not change. */
export function writtenOnce<T extends object>(object: T): T {
  KEPT.set(object, undefined);
  return object;
}

/** JSON and the end of a line. */
export function jsonBytes(body: object): Buffer {
  if (KEPT.has(body)) return Buffer.concat([bytesOf(body), LINE_END]);
  const items = itemsWrittenOnce(body);
  if (items === undefined) return Buffer.from(`${JSON.stringify(body)}\n`);
  // `…"items":[]}` around what belongs into it.
  const around = JSON.stringify({ ...body, items: [] });
  const pieces = items.flatMap((item) => [COMMA, bytesOf(item)]).slice(1);
  return Buffer.concat([Buffer.from(around.slice(0, -2)), ...pieces, LIST_END]);
}

/** JSON as text. */
export function jsonText(value: object): string {
  return KEPT.has(value) ? bytesOf(value).toString() : JSON.stringify(value);
}

const LINE_END = Buffer.from('\n');
const COMMA = Buffer.from(',');
const LIST_END = Buffer.from(']}\n');

function bytesOf(object: object): Buffer {
  const kept = KEPT.get(object);
  if (kept !== undefined) return kept;
  const bytes = Buffer.from(JSON.stringify(object));
  if (bytes.length <= MAX_KEPT_BYTES) KEPT.set(object, bytes);
  return bytes;
}

/** Of a list in which they come last, as they do in all. */
function itemsWrittenOnce(body: object): readonly object[] | undefined {
  if (!('items' in body) || !Array.isArray(body.items)) return undefined;
  const items: readonly unknown[] = body.items;
  if (items.length === 0 || Object.keys(body).at(-1) !== 'items') return undefined;
  return items.every(isWrittenOnce) ? items : undefined;
}

function isWrittenOnce(item: unknown): item is object {
  return typeof item === 'object' && item !== null && KEPT.has(item);
}
