/**
 * start, stop and restart: one PUT per VM, what it meant for the file, and the wait for its end.
 */
import type { VmObject } from '../api/contract.ts';
import type { VmVerb } from '../api/contract-options.ts';
import { vmSubresourcePath } from '../api/contract-paths.ts';
import { type Client, getVm } from '../client/client.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { CliContext } from './context.ts';
import { ApiError, ReportedError, withHint } from './errors.ts';
import { forEachVm } from './for-each-vm.ts';
import { declaredStrategy } from './format/vm-words.ts';
import { refusalHint } from './hints.ts';
import { displayName } from './names.ts';
import type { Judge } from './progress.ts';
import { stateBefore } from './progress.ts';
import { getKnownVm } from './unknown-vm.ts';
import { waitFor } from './wait.ts';

export interface LifecycleFlags {
  readonly dryRun?: true;
  /** Milliseconds. */
  readonly wait?: number;
}

export interface LifecycleCommand {
  readonly verb: VmVerb;
  /** The request's options, without `dryRun`. */
  readonly body: object;
  readonly judge: Judge;
  /** What else the user should know of a granted command. */
  readonly note?: (before: VmObject, name: string) => string | undefined;
}

interface Granted {
  readonly vm: VmIdentity;
  readonly commandAt: number;
  readonly before: VmObject;
  readonly message: string;
}

/** @throws ReportedError when it failed for any VM */
export async function runLifecycle(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  command: LifecycleCommand,
  flags: LifecycleFlags,
): Promise<void> {
  const attempt = flags.dryRun ? rehearse : give;
  const issued = await forEachVm(
    context,
    vms,
    (vm) => attempt(context, client, vm, command),
    ({ message }) => message,
  );
  const waited = await waitForAll(context, client, issued.done, command.judge, flags);
  if (issued.anyFailed || waited) throw new ReportedError();
}

async function waitForAll(
  context: CliContext,
  client: Client,
  granted: readonly Granted[],
  judge: Judge,
  { dryRun, wait: limitMs }: LifecycleFlags,
): Promise<boolean> {
  if (dryRun || limitMs === undefined) return false;
  const { anyFailed } = await forEachVm(
    context,
    granted,
    ({ vm, before, commandAt }) =>
      waitFor(context, client, { vm, before: stateBefore(before), commandAt, judge, limitMs }),
    (words) => words,
  );
  return anyFailed;
}

async function give(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  command: LifecycleCommand,
): Promise<Granted> {
  const before = await getKnownVm(client, vm);
  const commandAt = context.now();
  await put(client, vm, command.verb, command.body, before);
  const name = displayName(vm);
  const notes = [fileNote(before, await lookAgain(client, vm)), command.note?.(before, name)];
  const told = notes.filter((note) => note !== undefined).map((note) => `; ${note}`);
  const message = `VM ${name} was scheduled to ${command.verb}${told.join('')}`;
  return { vm, commandAt, before, message };
}

async function put(
  client: Client,
  vm: VmIdentity,
  verb: VmVerb,
  body: object,
  before: VmObject,
): Promise<void> {
  try {
    await client.put(vmSubresourcePath(vm.namespace, vm.name, verb), body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw withHint(error, displayName(vm), refusalHint(verb, before, error.message));
  }
}

/** Undefined when the VM is gone by now, which only costs a note. */
async function lookAgain(client: Client, vm: VmIdentity): Promise<VmObject | undefined> {
  try {
    return await getVm(client, vm);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function fileNote(before: VmObject, after: VmObject | undefined): string | undefined {
  const now = after && declaredStrategy(after);
  if (now === undefined || now.written === declaredStrategy(before)?.written) return undefined;
  return `its file now says ${now.field}: ${now.written}`;
}

async function rehearse(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  command: LifecycleCommand,
): Promise<Granted> {
  const before = await getKnownVm(client, vm);
  await put(client, vm, command.verb, { ...command.body, dryRun: ['All'] }, before);
  const { predictStrategy } = await import('./predict.ts');
  const next = await predictStrategy(client, before, command.verb);
  const told = next === undefined ? '' : `; its file would say ${next}`;
  const message = `Dry run: VM ${displayName(vm)} would be scheduled to ${command.verb}${told}`;
  return { vm, commandAt: context.now(), before, message };
}
