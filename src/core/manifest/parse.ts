/**
 * A VM file into VirtualMachines, the objects beside them, and problems. Never throws, whatever the text; all the faults
 * of a file are found at once, save that a document which is not YAML is not looked at further.
 */
import type { Problem } from '../model/problem.ts';
import type { ParsedDocument, ParsedFile } from './parsed.ts';
import { createPositions, createReport, type Positions, type ProblemCollector } from './report.ts';
import { maySecret, sealed } from './sealed.ts';
import { readFileObject } from './sections/file-object.ts';
import { kindOf, objectIdentity, reportOtherKind, VM_KIND, vmIdentity } from './sections/kind.ts';
import { readVirtualMachine } from './sections/virtual-machine.ts';
import { nameOfNode, type SourceMap } from './source-node.ts';
import { buildSourceTree } from './source-tree.ts';
import { readYamlStream, type YamlDocument, type YamlFault } from './yaml-stream.ts';

export { MAX_MANIFEST_BYTES } from './yaml-stream.ts';

/** A file's text, and what holds for all its documents. */
interface Source {
  readonly text: string;
  readonly positions: Positions;
  /** It may hold a Secret, so that no message quotes what is not understood. */
  readonly isSealed: boolean;
}

/** Reads every document of a file. Deterministic: the same text gives the same result. */
export function parseManifests(text: string): ParsedFile {
  const stream = readYamlStream(text);
  const source = { text, positions: createPositions(text), isSealed: maySecret(text) };
  if (!stream.ok) return { documents: [], problems: faultProblems([stream.fault], source) };
  const documents: ParsedDocument[] = [];
  const stray: YamlFault[] = [];
  for (const document of stream.documents) {
    const parsed = parseDocument(source, document);
    if (parsed) documents.push(parsed);
    else stray.push(...document.faults);
  }
  return { documents, problems: faultProblems(stray, source) };
}

function parseDocument(source: Source, document: YamlDocument): ParsedDocument | undefined {
  if (document.contents === undefined) return undefined;
  const { positions, isSealed } = source;
  const { index, start, end, faults } = document;
  const report = createReport(positions);
  reportFaults(faults, source, report);
  const broken = report.hasErrors;
  const base = {
    index,
    startLine: positions.at(start).line,
    ...(faults.length > 0 && { mayHideOthers: true as const }),
  };
  const text = source.text.slice(start, end);
  const unclear = isSealed ? '' : text;
  // What a broken document means is guesswork, so its name is all that is taken from it.
  const root = buildSourceTree(
    document.contents,
    broken ? createReport(positions) : isSealed ? sealed(report) : report,
  );
  if (root === undefined) return { ...base, text: unclear, problems: report.problems() };
  if (root.kind !== 'map') {
    const message = `a document is a map of fields such as apiVersion and kind, found ${nameOfNode(root)}`;
    if (!broken) report.error('wrong-type', { path: '', offset: root.offset }, message);
    return { ...base, text: unclear, problems: report.problems() };
  }
  const declared = readDeclared(root, broken, report, source);
  const { vm, object } = declared;
  const shown = vm === undefined ? unclear : text;
  return {
    ...base,
    text: object === undefined ? shown : '',
    ...declared,
    problems: report.problems(),
  };
}

type Declared = Pick<ParsedDocument, 'identity' | 'vm' | 'startAfterAt' | 'object'>;

/** @param broken the document is not valid YAML, and the report has told so */
function readDeclared(
  root: SourceMap,
  broken: boolean,
  report: ProblemCollector,
  source: Source,
): Declared {
  const kind = kindOf(root);
  if (kind === undefined) {
    if (!broken) reportOtherKind(root, report);
    return {};
  }
  if (kind !== VM_KIND) {
    const read = broken ? undefined : readFileObject(root, kind, source.text, report);
    const content = report.hasErrors ? undefined : read;
    const id = objectIdentity(root, kind);
    return id === undefined ? {} : { object: { ...id, ...(content && { content }) } };
  }
  const identity = vmIdentity(root);
  const read = broken ? undefined : readVirtualMachine(root, report);
  const { vm, startAfterAt } = report.hasErrors ? {} : { ...read };
  return {
    ...(identity && { identity }),
    ...(vm && { vm }),
    ...(startAfterAt && {
      startAfterAt: { path: startAfterAt.path, ...source.positions.at(startAfterAt.offset) },
    }),
  };
}

function faultProblems(faults: readonly YamlFault[], source: Source): readonly Problem[] {
  const report = createReport(source.positions);
  reportFaults(faults, source, report);
  return report.problems();
}

function reportFaults(
  faults: readonly YamlFault[],
  { isSealed }: Source,
  report: ProblemCollector,
): void {
  for (const { code, offset, message, sealed: words = message } of faults)
    report.error(code, { path: '', offset }, isSealed ? words : message);
}
