/**
 * Where a field stands in a VM file: for what is found out about it only after the file was read.
 */
import type { Problem } from '../model/problem.ts';
import { fieldPath, itemPath } from './field-path.ts';
import { createPositions, createReport } from './report.ts';
import type { SourceNode } from './source-node.ts';
import { buildSourceTree } from './source-tree.ts';
import { readYamlStream } from './yaml-stream.ts';

/** Names of fields and places in lists, from the document down. */
export type FieldSteps = readonly (string | number)[];

export type FilePlace = Pick<Problem, 'path' | 'line' | 'column'>;

/**
 * @returns finds a field of the document with that index; of a field that is not written, the nearest one above it
 */
export function createLocator(text: string): (document: number, steps: FieldSteps) => FilePlace {
  const stream = readYamlStream(text);
  const positions = createPositions(text);
  const roots = new Map<number, SourceNode | undefined>();
  for (const { index, contents } of stream.ok ? stream.documents : [])
    if (contents) roots.set(index, buildSourceTree(contents, createReport(positions)));
  return (document, steps) => {
    let path = '';
    let node = roots.get(document);
    for (const step of steps) {
      const next = node && child(node, step);
      if (next === undefined) break;
      path = typeof step === 'number' ? itemPath(path, step) : fieldPath(path, step);
      node = next;
    }
    return { path, ...positions.at(node?.offset ?? 0) };
  };
}

function child(node: SourceNode, step: string | number): SourceNode | undefined {
  if (typeof step === 'number') return node.kind === 'list' ? node.items[step] : undefined;
  return node.kind === 'map' ? node.entries.get(step)?.node : undefined;
}
