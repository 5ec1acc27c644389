/**
 * `solovirt validate`: what the daemon would say of these files, without a daemon.
 */
import { basename } from 'node:path';
import {
  circleProblems,
  type OrderedVm,
  orderedVm,
  unknownNameProblems,
} from '../../core/catalogue/start-order-problems.ts';
import { parseManifests } from '../../core/manifest/parse.ts';
import type { ParsedDocument } from '../../core/manifest/parsed.ts';
import { formatProblem, type Problem } from '../../core/model/problem.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { ReportedError } from '../errors.ts';
import {
  isDirectory,
  isManifestName,
  type ManifestSource,
  readSources,
} from '../manifest-files.ts';

/** What has been seen so far, over all files. */
interface Tally {
  files: number;
  vms: number;
  errors: number;
  warnings: number;
  /** `namespace/name` → where it was declared first. */
  readonly seen: Map<string, string>;
  /** Those that are to be started after others, and their file. */
  readonly ordered: (OrderedVm & { readonly file: string })[];
}

/** @throws ReportedError when there is any error */
export async function validate(context: CliContext, paths: readonly string[]): Promise<void> {
  const counts = { files: 0, vms: 0, errors: 0, warnings: 0 };
  const tally: Tally = { ...counts, seen: new Map(), ordered: [] };
  for (const path of paths)
    for await (const source of readSources(context, path))
      for (const line of checkSource(source, tally)) await writeOut(context, `${line}\n`);
  const whole = (await Promise.all(paths.map(isDirectory))).includes(true);
  for (const line of checkOrder(tally, whole)) await writeOut(context, `${line}\n`);
  if (tally.files === 0) context.stderr.write('No VM files (*.yaml, *.yml) were found.\n');
  await writeOut(context, summary(tally));
  if (tally.errors > 0) throw new ReportedError();
}

function* checkSource(source: ManifestSource, tally: Tally): Generator<string> {
  const { name } = source;
  tally.files += 1;
  if ('fault' in source) {
    tally.errors += 1;
    yield `${name}: ${source.fault}`;
    return;
  }
  if (name !== 'stdin' && !isManifestName(basename(name))) {
    tally.warnings += 1;
    yield `${name}: the daemon would not read a file of this name: *.yaml or *.yml, not hidden (warning)`;
  }
  const { documents, problems } = parseManifests(source.text);
  yield* report(name, problems, tally);
  for (const document of documents) {
    yield* report(name, [...document.problems, ...duplicates(name, document, tally)], tally);
    if (document.vm !== undefined) tally.vms += 1;
    noteOrder(name, document, tally);
  }
}

/** Of two documents with one identity the first counts. */
function noteOrder(file: string, document: ParsedDocument, tally: Tally): void {
  const { identity, startLine } = document;
  if (identity === undefined) return;
  const key = `${identity.namespace}/${identity.name}`;
  const ordered = orderedVm({ ...document, key });
  if (ordered === undefined || tally.seen.get(key) !== `${file}:${startLine}`) return;
  tally.ordered.push({ ...ordered, file });
}

/**
 * What only all files together show.
 * @param whole a directory was looked at, so that a name that is not there is one that nobody declares
 */
function* checkOrder(tally: Tally, whole: boolean): Generator<string> {
  const { ordered, seen } = tally;
  const unknown = whole ? unknownNameProblems(ordered, new Set(seen.keys())) : [];
  for (const [key, problem] of [...circleProblems(ordered), ...unknown]) {
    const file = ordered.find((vm) => vm.key === key)?.file ?? key;
    yield* report(file, [problem], tally);
  }
}

function* report(name: string, problems: readonly Problem[], tally: Tally): Generator<string> {
  for (const problem of problems) {
    const isError = problem.severity === 'error';
    if (isError) tally.errors += 1;
    else tally.warnings += 1;
    yield `${singleLine(formatProblem(name, problem))}${isError ? '' : ' (warning)'}`;
  }
}

/** The first of two documents with one identity stays in force, so the later one is at fault. */
function duplicates(
  name: string,
  { identity, startLine }: ParsedDocument,
  tally: Tally,
): Problem[] {
  if (identity === undefined) return [];
  const key = `${identity.namespace}/${identity.name}`;
  const first = tally.seen.get(key);
  if (first === undefined) {
    tally.seen.set(key, `${name}:${startLine}`);
    return [];
  }
  const message = `VM ${key} is declared already in ${first}; give one of them another name`;
  const place = { path: 'metadata.name', line: startLine, column: 1 };
  return [{ code: 'duplicate-identity', severity: 'error', ...place, message }];
}

function summary({ files, vms, errors, warnings }: Tally): string {
  const checked = `${count(files, 'file')}, ${count(vms, 'valid VM')}`;
  if (errors + warnings === 0) return `${checked}: no problems\n`;
  return `${checked}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
