/**
 * `solovirt list`.
 */
import type { PrintableStatus, VmObject } from '../../api/contract.ts';
import type { ObjectList } from '../../api/contract-meta.ts';
import {
  type Client,
  getInfo,
  type ListQuery,
  listVms,
  type NamespaceScope,
  vmsPath,
} from '../../client/client.ts';
import { follow } from '../../client/follow.ts';
import { isVm } from '../../client/guards.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { SolovirtError } from '../errors.ts';
import { parseTime } from '../format/age.ts';
import { isDataFormat, type ListFormat, renderData } from '../format/output.ts';
import type { Display } from '../format/paint.ts';
import { renderTable } from '../format/table.ts';
import { vmColumns } from '../format/vm-columns.ts';
import { identityOf } from '../format/vm-words.ts';
import { createLiveTable, createNameLines, type LiveTable } from '../live-table.ts';
import { displayName } from '../names.ts';
import { streamObjects } from '../stream-objects.ts';

export type SortKey = 'name' | 'status' | 'age';

interface ListOptions {
  readonly namespace: NamespaceScope;
  readonly display: Display;
  readonly output?: ListFormat;
  readonly watch?: true;
  /** A label selector, for the daemon to read. */
  readonly selector?: string;
  readonly sortBy?: SortKey;
  /** False: without the line of titles. */
  readonly headers?: boolean;
}

export async function list(
  context: CliContext,
  client: Client,
  options: ListOptions,
): Promise<void> {
  if (options.watch) return watchVms(context, client, options);
  const found = await listVms(client, options.namespace, queryOf(options));
  await writeOut(context, await render(context, found, options));
  if (isDataFormat(options.output) || options.output === 'name') return;
  for (const vm of sorted(found.items, options.sortBy)) mentionProblems(context, vm);
  if (found.items.length === 0) await explainEmpty(context, client, options);
}

function queryOf({ selector }: ListOptions): ListQuery {
  return selector === undefined ? {} : { labelSelector: selector };
}

function render(
  context: CliContext,
  found: ObjectList<VmObject>,
  options: ListOptions,
): Promise<string> | string {
  const { namespace, output, display, headers } = options;
  const vms = sorted(found.items, options.sortBy);
  if (isDataFormat(output)) return renderData({ ...found, items: vms }, output);
  if (output === 'name') return vms.map((vm) => `${nameOf(vm, namespace)}\n`).join('');
  if (vms.length === 0) return '';
  const columns = vmColumns({ wide: output === 'wide', namespaces: namespace === undefined });
  return renderTable(columns, vms, context.now(), { display, headless: headers === false });
}

/** A name that the other commands take as it is. */
function nameOf({ metadata }: VmObject, namespace: NamespaceScope): string {
  return namespace === undefined ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

/** Those that want attention come first. */
const STATUS_ORDER: readonly PrintableStatus[] = [
  'Invalid',
  'CrashLoopBackOff',
  'Paused',
  'Terminating',
  'Stopping',
  'Starting',
  'Provisioning',
  'Running',
  'Stopped',
];

function sorted(vms: readonly VmObject[], by: SortKey = 'name'): readonly VmObject[] {
  const key = ({ metadata }: VmObject): string => `${metadata.namespace}/${metadata.name}`;
  const byName = vms.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  switch (by) {
    case 'name':
      return byName;
    case 'status':
      return byName.toSorted((a, b) => rank(a) - rank(b));
    case 'age':
      return byName.toSorted((a, b) => since(b) - since(a));
  }
}

function rank({ status }: VmObject): number {
  return STATUS_ORDER.indexOf(status.printableStatus);
}

function since({ status, metadata }: VmObject): number {
  return parseTime(status.instance?.runningAt ?? metadata.creationTimestamp) ?? 0;
}

function mentionProblems(context: CliContext, vm: VmObject): void {
  const count = vm.status.problems?.length ?? 0;
  if (count === 0) return;
  const name = displayName(identityOf(vm));
  const errors = vm.status.problems?.some(({ severity }) => severity === 'error') ?? false;
  const stale =
    errors && vm.status.printableStatus !== 'Invalid'
      ? ' (its last valid version is in force)'
      : '';
  const problems = count === 1 ? '1 problem' : `${count} problems`;
  context.stderr.write(`${name}: ${problems} in its file${stale}: solovirt describe ${name}\n`);
}

async function explainEmpty(
  context: CliContext,
  client: Client,
  { namespace, selector }: ListOptions,
): Promise<void> {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const which = selector === undefined ? '' : ` with the labels ${selector}`;
  context.stderr.write(`No virtual machines${where}${which}.\n`);
  if (selector !== undefined) return;
  try {
    const { directories, counts } = await getInfo(client);
    const hint =
      counts.vms > 0
        ? `There are ${counts.vms} in other namespaces: solovirt list -A`
        : `VM files are read from ${directories.vms}; to write one: solovirt create vm --help`;
    context.stderr.write(`${hint}\n`);
  } catch (error) {
    // An extra; the list itself has been answered.
    if (!(error instanceof SolovirtError)) throw error;
  }
}

async function watchVms(context: CliContext, client: Client, options: ListOptions): Promise<void> {
  const { namespace, output } = options;
  const source = { path: vmsPath(namespace), query: queryOf(options), guard: isVm };
  const changes = follow(context, client, source);
  if (isDataFormat(output)) return streamObjects(context, changes, output);
  const table =
    output === 'name'
      ? createNameLines(context, (vm: VmObject) => nameOf(vm, namespace))
      : vmTable(context, options);
  for await (const change of changes) {
    if (change.type === 'listed') await table.listed(sorted(change.list.items, options.sortBy));
    else await table[change.type](change.object);
  }
}

function vmTable(context: CliContext, options: ListOptions): LiveTable<VmObject> {
  const { namespace, output, display, headers } = options;
  return createLiveTable(context, {
    columns: vmColumns({ wide: output === 'wide', namespaces: namespace === undefined }),
    display,
    headless: headers === false,
    keyOf: (vm) => nameOf(vm, undefined),
    version: ({ status }) =>
      JSON.stringify([
        status.runHistory[0]?.uid,
        status.instance?.runningAt,
        status.startFailure?.retryAfterTimestamp,
        status.held,
        status.problems,
      ]),
    gone: { title: 'STATUS', cell: () => 'Deleted' },
  });
}
