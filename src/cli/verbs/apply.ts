/**
 * `solovirt apply`: each document of the given files becomes that of its VM, comments and all. All of them are checked
 * before the first is sent.
 */
import { manifestPath, manifestTag } from '../../api/contract-manifest.ts';
import { type Client, vmsPath } from '../../client/client.ts';
import { editDocument } from '../../core/manifest/edit-document.ts';
import { documentBody } from '../../core/manifest/edit-stream.ts';
import { parseManifests } from '../../core/manifest/parse.ts';
import type { ParsedDocument } from '../../core/manifest/parsed.ts';
import { asObject } from '../../core/model/json.ts';
import { formatProblem, type Problem } from '../../core/model/problem.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { CliError, ReportedError } from '../errors.ts';
import { forEachVm } from '../for-each-vm.ts';
import { type ManifestSource, readSources } from '../manifest-files.ts';
import { DEFAULT_NAMESPACE, displayName } from '../names.ts';
import { isNotFound } from '../unknown-vm.ts';
import { readText } from './read-text.ts';

export interface ApplyOptions {
  readonly dryRun: boolean;
  /** For documents that name none. */
  readonly namespace?: string;
}

interface Wanted {
  readonly vm: VmIdentity;
  readonly text: string;
}

/** @throws ReportedError when a document is not valid, and then nothing was sent, or when it was refused */
export async function apply(
  context: CliContext,
  client: Client,
  paths: readonly string[],
  options: ApplyOptions,
): Promise<void> {
  const wanted: Wanted[] = [];
  let failed = false;
  for (const path of paths)
    for await (const source of readSources(context, path)) {
      const found = documentsOf(context, source, options);
      failed ||= found === undefined;
      wanted.push(...(found ?? []));
    }
  if (failed) throw new ReportedError();
  if (wanted.length === 0)
    throw new CliError('there is nothing to apply', {
      hint: 'VM files are named *.yaml or *.yml, and hold one document or more.',
    });
  // One after the other: the same VM may be there twice, and the later document counts.
  for (const one of wanted) {
    const { anyFailed } = await forEachVm(
      context,
      [one],
      (item) => applyOne(client, item, options.dryRun),
      (words) => words,
    );
    failed ||= anyFailed;
  }
  if (failed) throw new ReportedError();
}

/** Undefined when any of them has errors, which are then told. */
function documentsOf(
  context: CliContext,
  source: ManifestSource,
  options: ApplyOptions,
): readonly Wanted[] | undefined {
  if ('fault' in source) {
    context.stderr.write(`${singleLine(`${source.name}: ${source.fault}`)}\n`);
    return undefined;
  }
  const { documents, problems } = parseManifests(source.text);
  const all = [
    ...problems,
    ...documents.flatMap((document) => [...document.problems, ...unsendable(document)]),
  ];
  for (const problem of all) tell(context, source.name, problem);
  if (all.some(({ severity }) => severity === 'error')) return undefined;
  return documents.flatMap((document) => wantedOf(source.text, document, options));
}

/** Only VMs are written through the socket. */
function unsendable({ object, startLine: line }: ParsedDocument): readonly Problem[] {
  if (object === undefined) return [];
  const message = `a ${object.kind} is not sent to the daemon: save it in a file of the VM directory, which \`solovirt info\` names`;
  return [{ code: 'only-in-files', severity: 'error', path: 'kind', line, column: 1, message }];
}

function tell(context: CliContext, file: string, problem: Problem): void {
  const words = singleLine(formatProblem(file, problem));
  context.stderr.write(`${words}${problem.severity === 'error' ? '' : ' (warning)'}\n`);
}

function wantedOf(
  text: string,
  { index, identity, vm }: ParsedDocument,
  { namespace }: ApplyOptions,
): readonly Wanted[] {
  const body = documentBody(text, index);
  if (identity === undefined || vm === undefined || body === undefined) return [];
  const own = asObject(vm.manifest['metadata'])['namespace'];
  if (namespace === undefined || own === namespace) return [{ vm: identity, text: body }];
  if (typeof own === 'string')
    throw new CliError(`VM ${identity.name} is declared in namespace ${own}, not in ${namespace}`, {
      hint: 'Leave -n away, or the namespace in the file.',
    });
  if (namespace === DEFAULT_NAMESPACE) return [{ vm: identity, text: body }];
  const metadata = { ...asObject(vm.manifest['metadata']), namespace };
  const edit = editDocument(body, 0, { ...vm.manifest, metadata });
  if (!edit.ok) throw new CliError(`VM ${identity.name}: ${edit.message}`);
  return [{ vm: { ...identity, namespace }, text: edit.text }];
}

async function applyOne(client: Client, { vm, text }: Wanted, dryRun: boolean): Promise<string> {
  const path = manifestPath(vm.namespace, vm.name);
  const query = dryRun ? '?dryRun=All' : '';
  const suffix = dryRun ? ' (dry run)' : '';
  const name = displayName(vm);
  const before = await presentText(client, path);
  if (before === text) return `VM ${name} unchanged${suffix}`;
  const body = { body: text, contentType: 'application/yaml' };
  if (before === undefined) {
    await client.change({ method: 'POST', path: vmsPath(vm.namespace) + query, ...body });
    return `VM ${name} created${suffix}`;
  }
  const ifMatch = manifestTag(before);
  await client.change({ method: 'PUT', path: path + query, ifMatch, ...body });
  return `VM ${name} configured${suffix}`;
}

/** Undefined when there is no such VM. */
async function presentText(client: Client, path: string): Promise<string | undefined> {
  try {
    return await readText(client, path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
