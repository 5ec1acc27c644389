/**
 * `solovirt runs`: how the runs of a VM ended, and what is on record of each.
 */
import type { RunList, RunView } from '../../api/contract-runs.ts';
import { type Client, getRuns } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatAgo } from '../format/age.ts';
import { evidencePage } from '../format/evidence-section.ts';
import { isDataFormat, type ListFormat, renderData } from '../format/output.ts';
import type { Display } from '../format/paint.ts';
import { runColumns, SHORT_UID } from '../format/run-columns.ts';
import { renderTable } from '../format/table.ts';
import { displayName } from '../names.ts';
import { getKnownVm, isNotFound } from '../unknown-vm.ts';

interface RunsOptions {
  readonly display: Display;
  readonly output?: ListFormat;
  /** Only that many, the newest. */
  readonly last?: number;
  /** A uid, the beginning of one, or `last`: all that is on record of that run. */
  readonly evidence?: string;
  /** False: without the line of titles. */
  readonly headers?: boolean;
}

export async function runs(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  options: RunsOptions,
): Promise<void> {
  const { output, last, evidence, display, headers } = options;
  const list = await runsOf(client, vm);
  if (evidence !== undefined) return showEvidence(context, vm, list, { ...options, evidence });
  const items = list.items.slice(0, last);
  if (isDataFormat(output)) return writeOut(context, await renderData({ ...list, items }, output));
  if (output === 'name') return writeOut(context, items.map(({ uid }) => `${uid}\n`).join(''));
  if (items.length > 0) {
    const columns = runColumns({ wide: output === 'wide' });
    const table = { display, headless: headers === false };
    await writeOut(context, renderTable(columns, items, context.now(), table));
  }
  await tellCurrent(context, client, vm, items.length);
}

async function runsOf(client: Client, vm: VmIdentity): Promise<RunList> {
  try {
    return await getRuns(client, vm);
  } catch (error) {
    if (isNotFound(error)) await getKnownVm(client, vm);
    throw error;
  }
}

/** The table is of runs that ended; one that goes on is said beside it. */
async function tellCurrent(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  ended: number,
): Promise<void> {
  const name = displayName(vm);
  const { instance } = (await getKnownVm(client, vm)).status;
  if (instance !== undefined) {
    const since = formatAgo(instance.runningAt ?? instance.startedAt, context.now());
    const run = instance.uid.slice(0, SHORT_UID);
    context.stderr.write(`Run ${run} goes on, since ${since}: solovirt describe ${name}\n`);
  } else if (ended === 0) context.stderr.write(`${name} has never run: solovirt start ${name}\n`);
}

async function showEvidence(
  context: CliContext,
  vm: VmIdentity,
  { items }: RunList,
  { evidence, output, display }: RunsOptions & { readonly evidence: string },
): Promise<void> {
  const run = pick(items, vm, evidence);
  const text = isDataFormat(output)
    ? await renderData(run, output)
    : output === 'name'
      ? `${run.uid}\n`
      : evidencePage(run, context.now(), display.paint);
  await writeOut(context, text);
}

function pick(items: readonly RunView[], vm: VmIdentity, wanted: string): RunView {
  const found =
    wanted === 'last' ? items.slice(0, 1) : items.filter((r) => r.uid.startsWith(wanted));
  const [run, ...more] = found;
  const hint = `\`solovirt runs ${displayName(vm)}\` lists them.`;
  if (run === undefined)
    throw new CliError(
      wanted === 'last'
        ? `no run of ${displayName(vm)} has ended yet`
        : `${displayName(vm)} has no ended run ${JSON.stringify(wanted)}`,
      { hint },
    );
  if (more.length > 0)
    throw new CliError(`${more.length + 1} runs of ${displayName(vm)} begin with ${wanted}`, {
      hint,
    });
  return run;
}
