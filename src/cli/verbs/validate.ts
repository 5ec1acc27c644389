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
import { createLocator } from '../../core/manifest/locate.ts';
import { parseManifests } from '../../core/manifest/parse.ts';
import type { ParsedDocument } from '../../core/manifest/parsed.ts';
import { NETWORK_KIND, objectKey } from '../../core/model/file-object.ts';
import type { HostNetwork } from '../../core/model/host-network.ts';
import { formatProblem, type Problem } from '../../core/model/problem.ts';
import { collisionFindings } from '../../core/network/collisions.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { ReportedError } from '../errors.ts';
import { type DataFormat, renderData } from '../format/output.ts';
import {
  isDirectory,
  isManifestName,
  type ManifestSource,
  readSources,
} from '../manifest-files.ts';

interface ValidateOptions {
  readonly output?: DataFormat;
  /** Asks the daemon what its host would say of a file. */
  readonly host?: (text: string) => Promise<readonly Problem[]>;
}

/** A problem and the file that it is in. */
interface Found extends Problem {
  readonly file: string;
}

/** `-o json|yaml`: stable, documented in docs/cli.md. */
interface ValidationReport {
  readonly kind: 'ValidationReport';
  readonly apiVersion: 'solovirt.io/v1';
  readonly files: number;
  /** Documents that declare a valid VM. */
  readonly vms: number;
  /** Documents that declare a valid Secret or ConfigMap. */
  readonly objects: number;
  readonly errors: number;
  readonly warnings: number;
  readonly problems: readonly Found[];
}

/** What has been seen so far, over all files. */
interface Tally {
  files: number;
  vms: number;
  objects: number;
  errors: number;
  warnings: number;
  /** `namespace/name` → where it was declared first. */
  readonly seen: Map<string, string>;
  /** The same of other objects, by `objectKey`. */
  readonly seenObjects: Map<string, string>;
  readonly networks: HostNetwork[];
  /** Those that are to be started after others, and their file. */
  readonly ordered: (OrderedVm & { readonly file: string })[];
}

/** @throws ReportedError when there is any error */
export async function validate(
  context: CliContext,
  paths: readonly string[],
  options: ValidateOptions,
): Promise<void> {
  const counts = { files: 0, vms: 0, objects: 0, errors: 0, warnings: 0 };
  const tally: Tally = {
    ...counts,
    seen: new Map(),
    seenObjects: new Map(),
    networks: [],
    ordered: [],
  };
  const problems: Found[] = [];
  for await (const found of problemsOf(context, paths, options, tally)) {
    if (found.severity === 'error') tally.errors += 1;
    else tally.warnings += 1;
    if (options.output === undefined) await writeOut(context, `${lineOf(found)}\n`);
    else problems.push(found);
  }
  if (tally.files === 0) context.stderr.write('No VM files (*.yaml, *.yml) were found.\n');
  const text =
    options.output === undefined
      ? summary(tally)
      : await renderData(reportOf(tally, problems), options.output);
  await writeOut(context, text);
  if (tally.errors > 0) throw new ReportedError();
}

async function* problemsOf(
  context: CliContext,
  paths: readonly string[],
  { host }: ValidateOptions,
  tally: Tally,
): AsyncGenerator<Found> {
  for (const path of paths)
    for await (const source of readSources(context, path)) {
      const own = [...checkSource(source, tally)];
      yield* own;
      if (host === undefined || 'fault' in source) continue;
      const told = new Set(own.map(placeOf));
      for (const problem of await host(source.text))
        if (!told.has(placeOf(problem))) yield { file: source.name, ...problem };
    }
  const whole = (await Promise.all(paths.map(isDirectory))).includes(true);
  yield* checkOrder(tally, whole);
}

/** Of a host that knows of the other files, too. */
function placeOf({ code, line, column }: Problem): string {
  return `${code} ${line}:${column}`;
}

/** Of the file as a whole. */
const WHOLE = { path: '', line: 1, column: 1 };

function* checkSource(source: ManifestSource, tally: Tally): Generator<Found> {
  const { name: file } = source;
  tally.files += 1;
  if ('fault' in source) {
    yield { file, code: 'unreadable', severity: 'error', ...WHOLE, message: source.fault };
    return;
  }
  if (file !== 'stdin' && !isManifestName(basename(file))) {
    const message = 'the daemon would not read a file of this name: *.yaml or *.yml, not hidden';
    yield { file, code: 'file-name', severity: 'warning', ...WHOLE, message };
  }
  const { documents, problems } = parseManifests(source.text);
  yield* inFile(file, problems);
  for (const document of documents) {
    yield* inFile(file, [...document.problems, ...duplicates(file, document, tally)]);
    yield* inFile(file, collisions(document, source.text, tally));
    if (document.vm !== undefined) tally.vms += 1;
    if (document.object?.content !== undefined) tally.objects += 1;
    noteOrder(file, document, tally);
  }
}

function inFile(file: string, problems: readonly Problem[]): readonly Found[] {
  return problems.map((problem) => ({ file, ...problem }));
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
function* checkOrder(tally: Tally, whole: boolean): Generator<Found> {
  const { ordered, seen } = tally;
  const unknown = whole ? unknownNameProblems(ordered, new Set(seen.keys())) : [];
  for (const [key, problem] of [...circleProblems(ordered), ...unknown])
    yield { file: ordered.find((vm) => vm.key === key)?.file ?? key, ...problem };
}

/** The first of two documents with one identity stays in force, so the later one is at fault. */
function duplicates(
  name: string,
  { identity, object, startLine }: ParsedDocument,
  tally: Tally,
): Problem[] {
  if (object !== undefined)
    return seenBefore(tally.seenObjects, objectKey(object), {
      what: `${object.kind} ${object.namespace}/${object.name}`,
      name,
      startLine,
    });
  if (identity === undefined) return [];
  const key = `${identity.namespace}/${identity.name}`;
  return seenBefore(tally.seen, key, { what: `VM ${key}`, name, startLine });
}

/** Networks that cannot be there at the same time: told of the later one. */
function collisions(
  { index, object }: ParsedDocument,
  text: string,
  { networks }: Tally,
): readonly Problem[] {
  if (object?.content?.kind !== NETWORK_KIND) return [];
  const found = collisionFindings(object.content, networks);
  networks.push(object.content.network);
  return found.map(({ field, ...finding }) => ({
    ...finding,
    ...createLocator(text)(index, field),
  }));
}

function seenBefore(
  seen: Map<string, string>,
  key: string,
  { what, name, startLine }: { what: string; name: string; startLine: number },
): Problem[] {
  const first = seen.get(key);
  if (first === undefined) {
    seen.set(key, `${name}:${startLine}`);
    return [];
  }
  const message = `${what} is declared already in ${first}; give one of them another name`;
  const place = { path: 'metadata.name', line: startLine, column: 1 };
  return [{ code: 'duplicate-identity', severity: 'error', ...place, message }];
}

/** A file that could not be read has no lines to point at. */
function lineOf({ file, ...problem }: Found): string {
  const isAboutFile = ['unreadable', 'file-name'].includes(problem.code);
  const words = isAboutFile ? `${file}: ${problem.message}` : formatProblem(file, problem);
  return `${singleLine(words)}${problem.severity === 'error' ? '' : ' (warning)'}`;
}

function reportOf(tally: Tally, problems: readonly Found[]): ValidationReport {
  const { files, vms, objects, errors, warnings } = tally;
  const type = { kind: 'ValidationReport', apiVersion: 'solovirt.io/v1' } as const;
  return { ...type, files, vms, objects, errors, warnings, problems };
}

function summary({ files, vms, objects, errors, warnings }: Tally): string {
  const others = objects === 0 ? '' : `, ${count(objects, 'other valid object')}`;
  const checked = `${count(files, 'file')}, ${count(vms, 'valid VM')}${others}`;
  if (errors + warnings === 0) return `${checked}: no problems\n`;
  return `${checked}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
