/**
 * Whether two pieces of plain data would be written down as the same JSON. What both share is not looked into, which is most
 * of two states of one VM. Pure.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [own, others] = [definedKeys(a), definedKeys(b)];
  return own.length === others.length && own.every((key) => isSame(a[key], b[key]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What is undefined is not written down. */
function definedKeys(value: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
