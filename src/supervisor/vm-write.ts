/**
 * Changing VMs on behalf of clients: the manifest is written, and what it says is in force when the answer goes out.
 *
 * Invariants: a refused request leaves file, record and guest as they were; a daemon that dies on the way leaves the old
 * file or the new one; requests for the VMs of one file take their turns, each on the text that the last one left.
 */
import { keyOf } from '../core/catalogue/catalogue.ts';
import { editDocument } from '../core/manifest/edit-document.ts';
import { documentBody, replaceBody } from '../core/manifest/edit-stream.ts';
import { parseManifests } from '../core/manifest/parse.ts';
import type { ParsedDocument } from '../core/manifest/parsed.ts';
import type { JsonObject } from '../core/model/json.ts';
import { formatProblem, type Problem } from '../core/model/problem.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import { ManifestChangedError, replaceManifest } from '../host/write-manifest.ts';
import type { Context } from './context.ts';
import { bringIntoForce } from './in-force.ts';
import { publish, shownUid } from './publish.ts';
import { conflict, notFound, Refusal } from './refusal.ts';
import type { VmSnapshot } from './snapshot.ts';

/** How long a change that somebody else has just made to a file may take to become known. */
const NEWS_MS = 2000;

/** What a request left behind. */
export interface Written {
  readonly snapshot: VmSnapshot;
  /** Warnings about the document as it now is. */
  readonly warnings: readonly Problem[];
}

/** A VM whose document can be found. */
export interface Target {
  readonly key: string;
  readonly path: string;
  readonly index: number;
  /** Of the whole file. */
  readonly text: string;
  readonly snapshot: VmSnapshot;
  /** Undefined while the document has errors. */
  readonly vm: VirtualMachine | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Changes what the VM's document declares.
 * @param wanted makes the manifest that is wanted from what is in force, and may refuse by throwing; asked once more
 * when the file has changed meanwhile
 * @throws Refusal, and whatever `wanted` throws
 */
export function updateVm(
  ctx: Context,
  key: string,
  wanted: (snapshot: VmSnapshot, vm: VirtualMachine) => JsonObject,
  dryRun: boolean,
): Promise<Written> {
  return changeText(ctx, key, dryRun, (target) => {
    const { vm, path, text, index, snapshot } = target;
    if (vm === undefined) throw brokenFile(target);
    const edit = editDocument(text, index, wanted(snapshot, vm));
    if (!edit.ok) throw conflict(`${path}: ${edit.message}`);
    return edit.text;
  });
}

/** The text of the VM's document as it stands in its file, valid or not. @throws Refusal */
export function manifestOf(ctx: Context, key: string): string {
  const { text, index, path } = findTarget(ctx, key);
  const body = documentBody(text, index);
  if (body === undefined) throw conflict(`${path}: the document is not to be found`);
  return body;
}

/**
 * Puts another text in the place of the VM's document.
 * @param wanted gives the new text for the present one, and may refuse by throwing
 * @throws Refusal, and whatever `wanted` throws
 */
export function replaceManifestText(
  ctx: Context,
  key: string,
  wanted: (body: string) => string,
  dryRun: boolean,
): Promise<Written> {
  return changeText(ctx, key, dryRun, ({ text, index, path }) => {
    const body = documentBody(text, index);
    if (body === undefined) throw conflict(`${path}: the document is not to be found`);
    const edit = replaceBody(text, index, wanted(body));
    if (!edit.ok) throw new Refusal(edit.message, { kind: 'bad-request' });
    return edit.text;
  });
}

async function changeText(
  ctx: Context,
  key: string,
  dryRun: boolean,
  newText: (target: Target) => string,
): Promise<Written> {
  return await onFreshText(ctx, key, (target) => change(ctx, target, dryRun, newText(target)));
}

async function change(
  ctx: Context,
  { key, path, index, text, snapshot }: Target,
  dryRun: boolean,
  after: string,
): Promise<Written> {
  const document = documentIn(after, index);
  const { vm, identity } = document ?? {};
  if (
    document === undefined ||
    vm === undefined ||
    identity === undefined ||
    keyOf(identity) !== key
  )
    throw new Refusal(
      `the text does not declare VM ${key} any more, or has problems: ${firstError(path, document?.problems ?? [])}`,
      { kind: 'bad-request' },
    );
  const warnings = document.problems;
  if (after === text) return { snapshot, warnings };
  if (dryRun) return { snapshot: { ...snapshot, vm, problems: warnings }, warnings };
  await replaceManifest(path, text, after);
  await takeIn(ctx, key, { path, text: after }, async () => {
    await replaceManifest(path, after, text);
    return ctx.files.written(path, text, ctx.records.claims());
  });
  return { snapshot: shown(ctx, key), warnings };
}

/**
 * Runs a task on the VM and its file while nothing else changes either. When the file turns out to have been changed by
 * somebody else, that change is waited for and the task runs once more.
 * @throws Refusal
 */
export async function onFreshText<T>(
  ctx: Context,
  key: string,
  task: (target: Target) => Promise<T>,
): Promise<T> {
  let seen: Target | undefined;
  const attempt = (): Promise<T> =>
    ctx.queue.exclusive(key, async () => {
      await ctx.files.settled(key);
      bringIntoForce(ctx, key, () => shownUid(ctx, key));
      publish(ctx, key);
      const { path } = findTarget(ctx, key);
      return await ctx.queue.exclusive(`write:${path}`, async () => {
        seen = findTarget(ctx, key);
        return await task(seen);
      });
    });
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof ManifestChangedError)) throw refused(error);
  }
  if (seen !== undefined) await ctx.files.news(seen.path, seen.text, NEWS_MS);
  return await written(attempt);
}

/** @throws Refusal when the VM is unknown, on its way out, or its document is not to be found */
function findTarget(ctx: Context, key: string): Target {
  const entry = ctx.files.catalogue.get(key);
  const snapshot = ctx.board.get(key);
  const name = key.slice(key.indexOf('/') + 1);
  if (snapshot === undefined || (entry === undefined && ctx.records.get(key) === undefined))
    throw notFound(`virtualmachines.kubevirt.io "${name}" not found`);
  if (entry === undefined) throw conflict(`VM ${name} is being deleted`);
  const text = ctx.files.text(entry.path);
  if (text === undefined || entry.index === undefined)
    throw conflict(
      `VM ${name} cannot be found in ${entry.path} at present: ${firstError(entry.path, entry.problems)}`,
    );
  const { path, index, vm, problems } = entry;
  return { key, path, index, text, snapshot, vm, problems };
}

function brokenFile({ path, problems }: Target): Refusal {
  return conflict(
    `${path} has problems at present, so that it cannot be changed: ${firstError(path, problems)}; correct the file first`,
  );
}

function firstError(path: string, problems: readonly Problem[]): string {
  const found = problems.find(({ severity }) => severity === 'error');
  return found === undefined ? `see ${path}` : formatProblem(path, found);
}

export function documentIn(text: string, index: number): ParsedDocument | undefined {
  return parseManifests(text).documents.find((document) => document.index === index);
}

/**
 * What the file now says comes into force.
 * @param undo puts the file back should that not be possible, and tells which VMs that concerns
 */
export async function takeIn(
  ctx: Context,
  key: string,
  { path, text }: { readonly path: string; readonly text: string },
  undo: () => Promise<readonly string[]>,
): Promise<void> {
  const keys = ctx.files.written(path, text, ctx.records.claims());
  try {
    bringIntoForce(ctx, key, () => shownUid(ctx, key));
    await ctx.records.flushed();
  } catch (error) {
    for (const changed of await undo()) ctx.queue.add(changed);
    throw error;
  }
  publish(ctx, key);
  for (const changed of new Set([key, ...keys])) ctx.queue.add(changed);
}

/** The VM as it is shown once its file was written. */
export function shown(ctx: Context, key: string): VmSnapshot {
  const snapshot = ctx.board.get(key);
  if (snapshot === undefined) throw new Error(`${key} was written and is not shown`);
  return snapshot;
}

/** @throws Refusal, when the manifest could not be written */
export async function written<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw refused(error);
  }
}

/** @returns the error in the words and with the kind of a refusal, when the manifest could not be written */
function refused(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'ManifestChangedError')
    return new Refusal(`${error.message}; nothing was done, try again`, {
      kind: 'conflict',
      cause: error,
    });
  if (error.name === 'ManifestWriteError')
    return new Refusal(`nothing was done: ${error.message}`, { kind: 'unavailable', cause: error });
  return error;
}
