/**
 * `solovirt edit`: the VM's document as it stands in its file, in the user's editor. What has problems is shown again
 * with them, as `kubectl edit` does; what cannot be saved is kept in a file that is named.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestPath, manifestTag } from '../../api/contract-manifest.ts';
import type { Client } from '../../client/client.ts';
import { isVm } from '../../client/guards.ts';
import { parseManifests } from '../../core/manifest/parse.ts';
import { formatProblem } from '../../core/model/problem.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { ApiError, CliError, SolovirtError } from '../errors.ts';
import { displayName } from '../names.ts';
import { getKnownVm } from '../unknown-vm.ts';
import { openEditor } from './open-editor.ts';
import { readText } from './read-text.ts';

/** Lines of ours at the top of the text; no YAML file begins with them. */
const OURS = '#! ';

/** @throws CliError when nothing could be saved although something was changed */
export async function edit(context: CliContext, client: Client, vm: VmIdentity): Promise<void> {
  await getKnownVm(client, vm);
  const path = manifestPath(vm.namespace, vm.name);
  const before = await readText(client, path);
  // Closed to others: a manifest may hold passwords.
  const dir = await mkdtemp(join(tmpdir(), 'solovirt-edit-'));
  const file = join(dir, `${vm.name}.yaml`);
  await writeFile(file, before, { mode: 0o600 });
  try {
    context.stdout.write(`${await editUntilSaved(context, client, vm, { path, file, before })}\n`);
  } catch (error) {
    const text = withoutOurs(await readFile(file, 'utf8').catch(() => before));
    const isLost = text !== before && text.trim() !== '';
    if (!isLost || !(error instanceof SolovirtError)) await rm(dir, { recursive: true });
    throw isLost && error instanceof SolovirtError ? withText(error, vm, file) : error;
  }
  await rm(dir, { recursive: true });
}

/** Whatever went wrong, what was typed is not lost. */
function withText(error: SolovirtError, vm: VmIdentity, file: string): CliError {
  const hint = [error.hint, `Your text is in ${file}.`].filter((line) => line !== undefined);
  const message = `${displayName(vm)} was not saved: ${error.message}`;
  return new CliError(message, { hint: hint.join('\n'), cause: error });
}

interface Session {
  readonly path: string;
  readonly file: string;
  readonly before: string;
}

async function editUntilSaved(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  session: Session,
): Promise<string> {
  const { file, before } = session;
  const name = displayName(vm);
  let refused: { readonly text: string; readonly why: readonly string[] } | undefined;
  for (;;) {
    await openEditor(context, file);
    const text = withoutOurs(await readFile(file, 'utf8'));
    if (text === before) return `Edit cancelled, no changes made to ${name}.`;
    if (text.trim() === '') return 'Edit cancelled, the saved text was empty.';
    if (text === refused?.text) throw new CliError(refused.why.join('\n'));
    const outcome = await save(client, vm, session, text);
    if (outcome.saved) return `VM ${name} edited${outcome.note}`;
    refused = { text, why: outcome.why };
    await writeFile(file, withOurs(text, outcome.why));
  }
}

type Outcome =
  | { readonly saved: true; readonly note: string }
  | { readonly saved: false; readonly why: readonly string[] };

async function save(
  client: Client,
  vm: VmIdentity,
  { path, before }: Session,
  text: string,
): Promise<Outcome> {
  const faults = problemsIn(vm, text);
  if (faults.length > 0) return { saved: false, why: faults };
  try {
    const answer = await client.change({
      method: 'PUT',
      path,
      body: text,
      contentType: 'text/yaml',
      ifMatch: manifestTag(before),
    });
    return { saved: true, note: restartNote(answer) };
  } catch (error) {
    if (error instanceof ApiError && error.status.code === 422)
      return { saved: false, why: causesOf(error) };
    throw error;
  }
}

/** Found here and not by the daemon, because here their lines are those of the editor. */
function problemsIn({ name }: VmIdentity, text: string): readonly string[] {
  const { documents, problems } = parseManifests(text);
  const all = [...problems, ...documents.flatMap((document) => document.problems)];
  const errors = all.filter(({ severity }) => severity === 'error');
  // What is told stands above the text: a line for each, one before and one behind.
  const shift = errors.length + 2;
  return errors.map((problem) =>
    singleLine(formatProblem(`${name}.yaml`, { ...problem, line: problem.line + shift })),
  );
}

function causesOf({ status, message }: ApiError): readonly string[] {
  const causes = status.details?.causes ?? [];
  if (causes.length === 0) return [singleLine(message)];
  return causes.map((cause) => singleLine(`${cause.field ?? ''}: ${cause.message}`));
}

function withOurs(text: string, why: readonly string[]): string {
  const lines = [
    'This is not valid, so it was not saved:',
    ...why,
    'Correct it, or leave it as it is to give up. Lines like these are not saved.',
  ];
  return `${lines.map((line) => `${OURS}${line}\n`).join('')}${text}`;
}

function withoutOurs(text: string): string {
  const lines = text.split(/(?<=\n)/);
  const first = lines.findIndex((line) => !line.startsWith(OURS));
  return first === -1 ? '' : lines.slice(first).join('');
}

/** Whether the guest that runs differs from the file by now. */
function restartNote(answer: unknown): string {
  if (!isVm(answer)) return '';
  const found = answer.status.conditions.find(({ type }) => type === 'RestartRequired');
  return found?.status === 'True' ? '; the next instance uses what was changed' : '';
}
