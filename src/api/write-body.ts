/**
 * The object that a client sends, as plain JSON: bounded before anything else looks at it, and of the kind and version
 * that the path is about.
 */
import { fieldPath } from '../core/manifest/field-path.ts';
import { createPositions, createReport } from '../core/manifest/report.ts';
import { toJson } from '../core/manifest/source-node.ts';
import { buildSourceTree, MAX_VALUES } from '../core/manifest/source-tree.ts';
import { MAX_DEPTH, readYamlStream } from '../core/manifest/yaml-stream.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import type { Problem } from '../core/model/problem.ts';
import { ApiError, type ApiRequest } from './reply.ts';

export interface SentObject {
  readonly object: JsonObject;
  /** Paths of fields that stand twice. */
  readonly duplicates: readonly string[];
  /** The text, where it was YAML: its comments are worth keeping. */
  readonly yaml?: string;
}

const KIND = 'VirtualMachine';

/** The VirtualMachine in the body. @throws ApiError 400, 413, 415 */
export function sentVm(request: ApiRequest): SentObject {
  const sent = isYaml(request.contentType) ? sentYaml(request.text) : sentJson(request);
  const { apiVersion, kind } = sent.object;
  const expected = `kubevirt.io/${request.version}`;
  if (typeof kind !== 'string' || kind === '')
    throw bad(`Object 'Kind' is missing; expected ${KIND}`);
  if (kind !== KIND)
    throw bad(`the object in the body is a ${kind.slice(0, 80)}; this path takes a ${KIND}`);
  if (apiVersion !== expected)
    throw bad(
      `the API version in the data (${String(apiVersion ?? '').slice(0, 80)}) does not match the expected API version (${expected})`,
    );
  return sent;
}

/** The JSON that a patch is. @throws ApiError 400, 413 */
export function sentPatch({ body, text }: ApiRequest): Json {
  if (text.trim() === '') throw bad('the body of the request must be a patch');
  return bounded(body as Json);
}

function isYaml(contentType: string): boolean {
  return ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'].includes(
    contentType,
  );
}

function sentJson({ contentType, body, text }: ApiRequest): SentObject {
  // curl -d says that it sends a form.
  if (!['', 'application/json', 'application/x-www-form-urlencoded'].includes(contentType))
    throw new ApiError(
      `${contentType} is not supported here; send application/json or application/yaml`,
      { code: 415 },
    );
  const value = bounded(body as Json);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('the body must be a JSON object');
  return { object: asObject(value), duplicates: duplicatesIn(text) };
}

/** JSON is YAML, so that the reader of files finds them. What only JSON allows (tabs) is not looked through. */
function duplicatesIn(text: string): readonly string[] {
  return readTree(text).problems.flatMap(({ code, path }) =>
    code === 'duplicate-key' ? [path] : [],
  );
}

function sentYaml(text: string): SentObject {
  const { value, problems } = readTree(text);
  const [fault] = problems.filter(({ code }) => code !== 'duplicate-key');
  if (fault !== undefined)
    throw bad(
      `the body is not valid YAML: line ${fault.line}, column ${fault.column}: ${fault.message}`,
    );
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('the body must be one YAML document with one object');
  const duplicates = problems.map(({ path }) => path);
  return { object: value as JsonObject, duplicates, yaml: text };
}

function readTree(text: string): {
  readonly value?: Json;
  readonly problems: readonly Problem[];
} {
  const report = createReport(createPositions(text));
  const stream = readYamlStream(text);
  if (!stream.ok) {
    const { code, offset, message } = stream.fault;
    report.error(code, { path: '', offset }, message);
    return { problems: report.problems() };
  }
  const documents = stream.documents.filter(({ contents, faults }) => contents ?? faults[0]);
  const [document, second] = documents;
  for (const { code, offset, message } of document?.faults ?? [])
    report.error(code, { path: '', offset }, message);
  if (second !== undefined)
    report.error('documents', { path: '', offset: second.start }, 'a request takes one document');
  const tree = document?.contents && buildSourceTree(document.contents, report);
  return { ...(tree && { value: toJson(tree) }), problems: report.problems() };
}

/** Iterative, because what follows recurses. @throws ApiError 413 */
function bounded(value: Json): Json {
  let count = 0;
  const open = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    count += 1;
    if (count > MAX_VALUES || next.depth > MAX_DEPTH)
      throw new ApiError(`the object has more than ${MAX_VALUES} values or ${MAX_DEPTH} levels`, {
        code: 413,
      });
    if (typeof next.value === 'string' && !next.value.isWellFormed())
      throw bad('the object has text that is not Unicode (half a surrogate pair)');
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const [name, inner] of Object.entries(next.value) as [string, Json][]) {
      if (!name.isWellFormed()) throw bad(`the field ${fieldPath('', name)} is not Unicode`);
      open.push({ value: inner, depth: next.depth + 1 });
    }
  }
  return value;
}

function bad(message: string): ApiError {
  return new ApiError(message, { code: 400 });
}
