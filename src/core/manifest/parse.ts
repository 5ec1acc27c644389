/**
 * A VM file into VirtualMachines and problems. Never throws, whatever the text; all the faults of a file
 * are found at once, save that a document which is not YAML is not looked at further.
 */
import type { Problem } from '../model/problem.ts';
import type { ParsedDocument, ParsedFile } from './parsed.ts';
import { createPositions, createReport, type Positions } from './report.ts';
import { readIdentity, readVirtualMachine } from './sections/virtual-machine.ts';
import { describeNode } from './source-node.ts';
import { buildSourceTree } from './source-tree.ts';
import { readYamlStream, type YamlDocument, type YamlFault } from './yaml-stream.ts';

export { MAX_MANIFEST_BYTES } from './yaml-stream.ts';

/** Reads every document of a file. Deterministic: the same text gives the same result. */
export function parseManifests(text: string): ParsedFile {
  const stream = readYamlStream(text);
  const positions = createPositions(text);
  if (!stream.ok) return { documents: [], problems: faultProblems([stream.fault], positions) };
  const documents: ParsedDocument[] = [];
  const stray: YamlFault[] = [];
  for (const document of stream.documents) {
    const parsed = parseDocument(text, document, positions);
    if (parsed) documents.push(parsed);
    else stray.push(...document.faults);
  }
  return { documents, problems: faultProblems(stray, positions) };
}

function parseDocument(
  text: string,
  document: YamlDocument,
  positions: Positions,
): ParsedDocument | undefined {
  if (document.contents === undefined) return undefined;
  const { index, start, end, faults } = document;
  const base = { index, text: text.slice(start, end), startLine: positions.at(start).line };
  const report = createReport(positions);
  for (const fault of faults)
    report.error(fault.code, { path: '', offset: fault.offset }, fault.message);
  const broken = report.hasErrors;
  // What a broken document means is guesswork, so its name is all that is taken from it.
  const root = buildSourceTree(document.contents, broken ? createReport(positions) : report);
  if (root === undefined) return { ...base, problems: report.problems() };
  if (root.kind !== 'map') {
    const message = `a document is a map of fields such as apiVersion and kind, found ${describeNode(root)}`;
    if (!broken) report.error('wrong-type', { path: '', offset: root.offset }, message);
    return { ...base, problems: report.problems() };
  }
  const identity = readIdentity(root);
  const read = broken ? undefined : readVirtualMachine(root, report);
  const { vm, startAfterAt } = report.hasErrors ? {} : { ...read };
  return {
    ...base,
    ...(identity && { identity }),
    ...(vm && { vm }),
    ...(startAfterAt && {
      startAfterAt: { path: startAfterAt.path, ...positions.at(startAfterAt.offset) },
    }),
    problems: report.problems(),
  };
}

function faultProblems(faults: readonly YamlFault[], positions: Positions): readonly Problem[] {
  const report = createReport(positions);
  for (const { code, offset, message } of faults) report.error(code, { path: '', offset }, message);
  return report.problems();
}
