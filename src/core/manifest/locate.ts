/**
 * Where a field stands in a VM file: for what is found out about it only after the file was read.
 */
import type { Problem } from '../model/problem.ts';
import { fieldPath, itemPath } from './field-path.ts';
import { readJsonWithin } from './json-within.ts';
import { createPositions, createReport, type Place, type Report } from './report.ts';
import type { SourceNode } from './source-node.ts';
import { buildSourceTree } from './source-tree.ts';
import { readYamlStream } from './yaml-stream.ts';

/** Names of fields and places in lists, from the document down. */
export type FieldSteps = readonly (string | number)[];

export type FilePlace = Pick<Problem, 'path' | 'line' | 'column'>;

/**
 * @returns finds a field of the document with that index, also within JSON that stands as text in it; of a field that is not
 * written, the nearest one above it
 */
export function createLocator(text: string): (document: number, steps: FieldSteps) => FilePlace {
  const stream = readYamlStream(text);
  const positions = createPositions(text);
  const roots = new Map<number, SourceNode | undefined>();
  for (const { index, contents } of stream.ok ? stream.documents : [])
    if (contents) roots.set(index, buildSourceTree(contents, createReport(positions)));
  return (document, steps) => {
    const root = roots.get(document);
    const { path, offset } = root === undefined ? START : walk(root, steps, text);
    return { path, ...positions.at(offset) };
  };
}

const START: Place = { path: '', offset: 0 };

function walk(root: SourceNode, steps: FieldSteps, text: string): Place {
  let path = '';
  let node = root;
  for (const [index, step] of steps.entries()) {
    const next = child(node, step);
    if (next === undefined) return within(node, path, steps.slice(index), text);
    path = typeof step === 'number' ? itemPath(path, step) : fieldPath(path, step);
    node = next;
  }
  return { path, offset: node.offset };
}

/** The text that a node is may be JSON that has the field. */
function within(node: SourceNode, path: string, steps: FieldSteps, text: string): Place {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    const json = readJsonWithin(node, path, text, SILENT);
    if (json !== undefined && json.root.kind !== 'scalar')
      return json.placeOf(walk(json.root, steps, node.value));
  }
  return { path, offset: node.offset };
}

/** Whoever read the file has told of its faults. */
const SILENT: Report = { error: () => undefined, warning: () => undefined };

function child(node: SourceNode, step: string | number): SourceNode | undefined {
  if (typeof step === 'number') return node.kind === 'list' ? node.items[step] : undefined;
  return node.kind === 'map' ? node.entries.get(step)?.node : undefined;
}
