/**
 * The values of a Secret or a ConfigMap, by key. No message of these readers quotes a value, nor a key that is not valid
 * or has no value: it may be a value that lost the key before it.
 */
import type { ObjectValue } from '../../model/file-object.ts';
import { fieldPath } from '../field-path.ts';
import { type Found, type Read, type Spot, telling } from '../fields.ts';
import { isDataKey } from '../names.ts';
import type { Report } from '../report.ts';
import { isNull, nameOfNode, type SourceNode } from '../source-node.ts';
import { utf8Bytes } from '../utf8-bytes.ts';

export type DataMap = ReadonlyMap<string, Found<ObjectValue>>;

const BASE64 = {
  expression: /^[A-Za-z0-9+/\r\n]*=?[\r\n]*=?[\r\n]*$/,
  rule: 'base64 with padding (RFC 4648)',
};

const TEXT_VALUE: Read<ObjectValue> = telling(
  { kind: 'text', mayBeEmpty: true },
  (node, spot, report) => {
    const written = textOf(node, spot, report);
    return written === undefined ? undefined : { text: written };
  },
);

const BASE64_VALUE: Read<ObjectValue> = telling(
  { kind: 'text', mayBeEmpty: true, pattern: BASE64 },
  (node, spot, report) => {
    const written = textOf(node, spot, report);
    if (written === undefined) return undefined;
    // Go's decoder, which Kubernetes uses, passes over line breaks and nothing else.
    const base64 = written.replaceAll(/[\r\n]/g, '');
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0) return { base64 };
    report.error('invalid-value', spot, `expected ${BASE64.rule}${plainTextHint(spot.path)}`);
    return undefined;
  },
);

function plainTextHint(path: string): string {
  return path.startsWith('binaryData')
    ? '; plain text goes under data'
    : '; plain text goes under stringData';
}

function textOf(node: SourceNode, spot: Spot, report: Report): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  const expected = node.kind === 'scalar' ? 'text: write it in quotes' : 'text';
  report.error('wrong-type', spot, `expected ${expected}, found ${nameOfNode(node)}`);
  return undefined;
}

export const TEXT_DATA = dataMap(TEXT_VALUE, 'text');
export const BASE64_DATA = dataMap(BASE64_VALUE, 'base64');

function dataMap(value: Read<ObjectValue>, what: string): Read<DataMap> {
  return telling({ kind: 'map', value }, (node, spot, report) => {
    if (node.kind !== 'map') {
      const message = `expected a map of names to ${what}, found ${nameOfNode(node)}`;
      report.error('wrong-type', spot, message);
      return undefined;
    }
    const found = new Map<string, Found<ObjectValue>>();
    for (const [key, entry] of node.entries) {
      if (!isDataKey(key)) {
        report.error('invalid-value', { path: spot.path, offset: entry.keyOffset }, KEY_RULE);
        continue;
      }
      if (isNull(entry.node)) {
        report.error('wrong-type', { path: spot.path, offset: entry.keyOffset }, NO_VALUE);
        continue;
      }
      const path = fieldPath(spot.path, key);
      const at = { path, offset: entry.node.offset, keyOffset: entry.keyOffset };
      const read = value(entry.node, at, report);
      if (read !== undefined) found.set(key, { ...at, value: read });
    }
    return found;
  });
}

const NO_VALUE = 'a key without a value stands here; write "" for an empty value';
const KEY_RULE =
  'a key has at most 253 letters, digits, "-", "_" and ".", and is neither "." nor begins with ".."';

/** Kubernetes' bound for one object (`MaxSecretSize`). */
const MAX_BYTES = 1024 * 1024;

export function reportTooLarge(
  values: ReadonlyMap<string, ObjectValue>,
  spot: Spot,
  report: Report,
): void {
  let bytes = 0;
  for (const value of values.values()) bytes += bytesOf(value);
  if (bytes <= MAX_BYTES) return;
  const place = { path: spot.path, offset: spot.keyOffset };
  report.error(
    'values-too-large',
    place,
    `the values have ${bytes} bytes, at most ${MAX_BYTES} may be`,
  );
}

function bytesOf(value: ObjectValue): number {
  if ('text' in value) return utf8Bytes(value.text);
  const padding = value.base64.endsWith('==') ? 2 : value.base64.endsWith('=') ? 1 : 0;
  return (value.base64.length / 4) * 3 - padding;
}
