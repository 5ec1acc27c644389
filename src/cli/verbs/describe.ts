/**
 * `solovirt describe`: everything about a VM on one page.
 */
import type { VmObject } from '../../api/contract.ts';
import type { EventObject } from '../../api/contract-event.ts';
import type { RunView } from '../../api/contract-runs.ts';
import { type Client, getRuns, listEvents } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { ApiError, ReportedError } from '../errors.ts';
import { forEachVm } from '../for-each-vm.ts';
import { describePage } from '../format/describe-page.ts';
import { byTime } from '../format/event-columns.ts';
import { type DataFormat, renderData } from '../format/output.ts';
import type { Display } from '../format/paint.ts';
import { getKnownVm } from '../unknown-vm.ts';
import { concerns } from './events.ts';

interface DescribeFlags {
  readonly display: Display;
  readonly output?: DataFormat;
}

/** @throws ReportedError when any of the VMs could not be described */
export async function describe(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  { output, display }: DescribeFlags,
): Promise<void> {
  if (output !== undefined) return describeData(context, client, vms, output);
  // Pages are parted by an empty line, which is none before the first.
  let gap = '';
  const parted = (text: string): string => {
    const before = gap;
    gap = '\n';
    return before + text.trimEnd();
  };
  const { anyFailed } = await forEachVm(
    context,
    vms,
    (vm) => page(context, client, vm, display),
    parted,
  );
  if (anyFailed) throw new ReportedError();
}

async function describeData(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  output: DataFormat,
): Promise<void> {
  const items = await Promise.all(vms.map((vm) => getKnownVm(client, vm)));
  const list = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
  await writeOut(context, await renderData(items.length === 1 ? items[0] : list, output));
}

async function page(
  context: CliContext,
  client: Client,
  identity: VmIdentity,
  display: Display,
): Promise<string> {
  const vm = await getKnownVm(client, identity);
  const [failure, events] = await Promise.all([
    lastFailure(client, identity, vm),
    recentEvents(client, identity),
  ]);
  return describePage({ vm, events, ...(failure && { failure }) }, context.now(), display);
}

/** The last run with its evidence, if it failed. */
async function lastFailure(
  client: Client,
  identity: VmIdentity,
  vm: VmObject,
): Promise<RunView | undefined> {
  const [last] = vm.status.runHistory;
  if (last?.verdict.outcome !== 'Failed') return undefined;
  const runs = await extra(() => getRuns(client, identity));
  return runs?.items.find(({ uid }) => uid === last.uid);
}

/** Events shown on the page; `solovirt events NAME` has them all. */
const RECENT = 10;

async function recentEvents(client: Client, identity: VmIdentity): Promise<readonly EventObject[]> {
  const list = await extra(() => listEvents(client, identity.namespace));
  const own = (list?.items ?? []).filter((event) => concerns(event, identity));
  return byTime(own).slice(-RECENT);
}

/** What the page can do without: a refusal (the VM has just been removed, say) leaves it out. */
async function extra<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
