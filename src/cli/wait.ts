/**
 * `--wait`: watches one VM until the command's end is there, or its limit is.
 */
import type { VmObject } from '../api/contract.ts';
import type { RunView } from '../api/contract-runs.ts';
import { type Client, getRuns, vmsPath } from '../client/client.ts';
import { type Change, follow } from '../client/follow.ts';
import { isVm } from '../client/guards.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { plainText } from '../core/terminal-filter.ts';
import type { CliContext } from './context.ts';
import { ApiError, CliError, InterruptedError } from './errors.ts';
import { formatAge } from './format/age.ts';
import { indent } from './format/table.ts';
import { statusCell } from './format/vm-words.ts';
import { displayName } from './names.ts';
import type { Before, Judge } from './progress.ts';

export interface Wait {
  readonly vm: VmIdentity;
  readonly before: Before;
  /** When the command was given, Unix ms. */
  readonly commandAt: number;
  readonly judge: Judge;
  readonly limitMs: number;
}

/**
 * The words of a good end.
 * @throws CliError for any other end, when the limit is reached, and when interrupted
 */
export async function waitFor(context: CliContext, client: Client, wait: Wait): Promise<string> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), wait.limitMs);
  let status = 'unknown';
  try {
    const source = { path: vmsPath(wait.vm.namespace), guard: isVm, signal: limit.signal };
    for await (const change of follow(context, client, source)) {
      const seen = look(change, wait.vm);
      if (seen === 'other') continue;
      const vm = seen === 'gone' ? undefined : seen;
      status = vm === undefined ? 'gone' : statusCell(vm);
      const progress = wait.judge(wait.before, vm, context.now() - wait.commandAt);
      if (progress.state === 'done') return progress.message;
      if (progress.state === 'failed') throw await failure(client, wait.vm, progress);
    }
  } finally {
    clearTimeout(timer);
  }
  throw gaveUp(context, wait, status);
}

function look(
  change: Change<VmObject>,
  { namespace, name }: VmIdentity,
): VmObject | 'gone' | 'other' {
  const isIt = ({ metadata }: VmObject): boolean =>
    metadata.namespace === namespace && metadata.name === name;
  switch (change.type) {
    case 'listed':
      return change.list.items.find(isIt) ?? 'gone';
    case 'changed':
      return isIt(change.object) ? change.object : 'other';
    case 'deleted':
      return isIt(change.object) ? 'gone' : 'other';
  }
}

function gaveUp(context: CliContext, wait: Wait, status: string): CliError {
  const name = displayName(wait.vm);
  const hint = `The command stays in force: \`solovirt describe ${name}\` shows how far it is.`;
  if (context.signal.aborted)
    return new InterruptedError(`no longer waiting for ${name}`, { hint });
  return new CliError(`${name} is still ${status} after ${formatAge(wait.limitMs)}`, { hint });
}

/** A bad end, with what QEMU said and where to read more. */
async function failure(
  client: Client,
  vm: VmIdentity,
  { message, run }: { readonly message: string; readonly run?: RunView },
): Promise<CliError> {
  if (run === undefined) return new CliError(message);
  const details = [run.verdict.message, await qemuWords(client, vm, run)];
  const shown = details.filter((text) => text !== '').map((text) => indent(plainText(text)));
  const more = `See \`solovirt describe ${displayName(vm)}\`.`;
  return new CliError(message, { hint: [...shown, more].join('\n') });
}

/** Lines of QEMU's stderr that the verdict does not quote already. */
const STDERR_LINES = 10;

async function qemuWords(client: Client, vm: VmIdentity, run: RunView): Promise<string> {
  try {
    const { items } = await getRuns(client, vm);
    const stderr = items.find(({ uid }) => uid === run.uid)?.evidence?.stderrTail ?? '';
    const lines = stderr.split('\n').filter((line) => line.trim() !== '');
    const news = lines.filter((line) => !run.verdict.message.includes(line.trim()));
    return news.slice(-STDERR_LINES).join('\n');
  } catch (error) {
    // The verdict is told all the same; its details are an extra.
    if (error instanceof ApiError) return '';
    throw error;
  }
}
