/**
 * `solovirt list`.
 */
import type { ObjectList, VmObject } from '../../api/contract.ts';
import {
  type Client,
  getInfo,
  listVms,
  type NamespaceScope,
  vmsPath,
} from '../../client/client.ts';
import { follow } from '../../client/follow.ts';
import { isVm } from '../../client/guards.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { SolovirtError } from '../errors.ts';
import { isDataFormat, type ListFormat, renderData } from '../format/output.ts';
import { renderTable } from '../format/table.ts';
import { vmColumns } from '../format/vm-columns.ts';
import { identityOf } from '../format/vm-words.ts';
import { createLiveTable, createNameLines, type LiveTable } from '../live-table.ts';
import { displayName } from '../names.ts';
import { streamObjects } from '../stream-objects.ts';

interface ListOptions {
  readonly namespace: NamespaceScope;
  readonly output?: ListFormat;
  readonly watch?: true;
}

export async function list(
  context: CliContext,
  client: Client,
  options: ListOptions,
): Promise<void> {
  if (options.watch) return watchVms(context, client, options);
  const found = await listVms(client, options.namespace);
  await writeOut(context, await render(context, found, options));
  if (isDataFormat(options.output) || options.output === 'name') return;
  for (const vm of sorted(found.items)) mentionProblems(context, vm);
  if (found.items.length === 0) await explainEmpty(context, client, options.namespace);
}

function render(
  context: CliContext,
  found: ObjectList<VmObject>,
  { namespace, output }: ListOptions,
): Promise<string> | string {
  const vms = sorted(found.items);
  if (isDataFormat(output)) return renderData({ ...found, items: vms }, output);
  if (output === 'name') return vms.map((vm) => `${nameOf(vm, namespace)}\n`).join('');
  if (vms.length === 0) return '';
  const columns = vmColumns({ wide: output === 'wide', namespaces: namespace === undefined });
  return renderTable(columns, vms, context.now());
}

/** A name that the other commands take as it is. */
function nameOf({ metadata }: VmObject, namespace: NamespaceScope): string {
  return namespace === undefined ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

function sorted(vms: readonly VmObject[]): readonly VmObject[] {
  const key = ({ metadata }: VmObject): string => `${metadata.namespace}/${metadata.name}`;
  return vms.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
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
  namespace: NamespaceScope,
): Promise<void> {
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  context.stderr.write(`No virtual machines${where}.\n`);
  try {
    const { directories, counts } = await getInfo(client);
    const hint =
      counts.vms > 0
        ? `There are ${counts.vms} in other namespaces: solovirt list -A`
        : `VM files are read from ${directories.vms}`;
    context.stderr.write(`${hint}\n`);
  } catch (error) {
    // An extra; the list itself has been answered.
    if (!(error instanceof SolovirtError)) throw error;
  }
}

async function watchVms(context: CliContext, client: Client, options: ListOptions): Promise<void> {
  const changes = follow(context, client, { path: vmsPath(options.namespace), guard: isVm });
  const { namespace, output } = options;
  if (isDataFormat(output)) return streamObjects(context, changes, output);
  const table =
    output === 'name'
      ? createNameLines(context, (vm: VmObject) => nameOf(vm, namespace))
      : vmTable(context, options);
  for await (const change of changes) {
    if (change.type === 'listed') await table.listed(sorted(change.list.items));
    else await table[change.type](change.object);
  }
}

function vmTable(context: CliContext, { namespace, output }: ListOptions): LiveTable<VmObject> {
  const columns = vmColumns({ wide: output === 'wide', namespaces: namespace === undefined });
  return createLiveTable(context, {
    columns,
    keyOf: (vm) => nameOf(vm, undefined),
    version: ({ status }) =>
      JSON.stringify([
        status.runHistory[0]?.uid,
        status.instance?.runningAt,
        status.startFailure?.retryAfterTimestamp,
        status.held,
        status.problems,
      ]),
    gone: columns.map((column) =>
      column.title === 'STATUS' ? { ...column, cell: () => 'Deleted' } : column,
    ),
  });
}
