/**
 * `solovirt events`.
 */
import type { EventObject } from '../../api/contract-event.ts';
import { type Client, eventsPath, listEvents, type NamespaceScope } from '../../client/client.ts';
import { type Change, follow } from '../../client/follow.ts';
import { isEvent } from '../../client/guards.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { parseTime } from '../format/age.ts';
import { byTime, eventColumns } from '../format/event-columns.ts';
import { isDataFormat, type ListFormat, renderData } from '../format/output.ts';
import type { Display } from '../format/paint.ts';
import { renderTable } from '../format/table.ts';
import { createLiveTable, createNameLines, type LiveTable } from '../live-table.ts';
import { displayName } from '../names.ts';
import { streamObjects } from '../stream-objects.ts';
import { getKnownVm } from '../unknown-vm.ts';

interface Filter {
  /** Only events of this VM. */
  readonly vm: VmIdentity | undefined;
  /** Milliseconds back from now. */
  readonly since?: number;
  readonly type?: EventObject['type'];
  /** In any case of letters. */
  readonly reason?: readonly string[];
}

interface EventsOptions extends Filter {
  readonly namespace: NamespaceScope;
  readonly display: Display;
  readonly output?: ListFormat;
  readonly watch?: true;
  /** False: without the line of titles. */
  readonly headers?: boolean;
}

export async function events(
  context: CliContext,
  client: Client,
  options: EventsOptions,
): Promise<void> {
  const wanted = wantedBy(options, context.now());
  if (options.watch) return watchEvents(context, client, options, wanted);
  const found = await listEvents(client, options.namespace);
  const items = byTime(found.items.filter(wanted));
  const { output, display, headers } = options;
  if (isDataFormat(output)) await writeOut(context, await renderData({ ...found, items }, output));
  else if (output === 'name')
    await writeOut(context, items.map((e) => `${eventName(e)}\n`).join(''));
  else if (items.length > 0) {
    const table = { display, headless: headers === false };
    await writeOut(context, renderTable(columnsFor(options), items, context.now(), table));
  } else await explainEmpty(context, client, options);
}

/** Events about a VM and about its instances carry the same name, as in KubeVirt. */
export function concerns({ involvedObject }: EventObject, vm: VmIdentity | undefined): boolean {
  return (
    vm === undefined ||
    (involvedObject.name === vm.name && involvedObject.namespace === vm.namespace)
  );
}

function wantedBy({ vm, since, type, reason }: Filter, now: number): (e: EventObject) => boolean {
  const from = since === undefined ? undefined : now - since;
  const reasons = reason?.map((word) => word.toLowerCase());
  return (event) =>
    concerns(event, vm) &&
    (type === undefined || event.type === type) &&
    (reasons === undefined || reasons.includes(event.reason.toLowerCase())) &&
    (from === undefined || (parseTime(event.lastTimestamp) ?? 0) >= from);
}

function columnsFor({ namespace, output }: EventsOptions) {
  return eventColumns({ wide: output === 'wide', namespaces: namespace === undefined });
}

function eventName({ metadata }: EventObject): string {
  return `event/${metadata.name}`;
}

async function explainEmpty(
  context: CliContext,
  client: Client,
  { vm, since, type, reason }: EventsOptions,
): Promise<void> {
  // Events outlive a removed VM, so its name is checked only when there are none.
  if (vm !== undefined) await getKnownVm(client, vm);
  const of = vm === undefined ? '' : ` of ${displayName(vm)}`;
  const filtered = since !== undefined || type !== undefined || reason !== undefined;
  context.stderr.write(`No events${of}${filtered ? ' that were asked for' : ''}.\n`);
}

async function watchEvents(
  context: CliContext,
  client: Client,
  options: EventsOptions,
  wanted: (event: EventObject) => boolean,
): Promise<void> {
  const all = follow(context, client, { path: eventsPath(options.namespace), guard: isEvent });
  const changes = only(all, wanted);
  const { output } = options;
  if (isDataFormat(output)) return streamObjects(context, changes, output);
  const table =
    output === 'name' ? createNameLines(context, eventName) : eventTable(context, options);
  for await (const change of changes) {
    if (change.type === 'listed') await table.listed(byTime(change.list.items));
    else await table[change.type](change.object);
  }
}

function eventTable(context: CliContext, options: EventsOptions): LiveTable<EventObject> {
  return createLiveTable<EventObject>(context, {
    columns: columnsFor(options),
    display: options.display,
    headless: options.headers === false,
    keyOf: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
    version: ({ metadata, count }) => `${metadata.uid} ${count}`,
  });
}

async function* only(
  changes: AsyncIterable<Change<EventObject>>,
  wanted: (event: EventObject) => boolean,
): AsyncGenerator<Change<EventObject>> {
  for await (const change of changes) {
    if (change.type === 'listed') {
      const items = change.list.items.filter(wanted);
      yield { type: 'listed', list: { ...change.list, items } };
    } else if (wanted(change.object)) yield change;
  }
}
