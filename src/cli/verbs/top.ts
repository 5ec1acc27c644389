/**
 * `solovirt top`: what VMs use. Only the client looks again and again; a daemon that nobody watches does nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { statsListPath, type VmStatsList } from '../../api/contract-stats.ts';
import type { Client, NamespaceScope } from '../../client/client.ts';
import { isVmStatsList } from '../../client/stats-guards.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { errorMessage } from '../../core/thrown.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { CliError, InterruptedError } from '../errors.ts';
import { type DataFormat, renderData } from '../format/output.ts';
import type { Display } from '../format/paint.ts';
import { renderTable } from '../format/table.ts';
import {
  SORT_KEYS,
  type SortKey,
  sortedUsage,
  usageList,
  type VmUsage,
  type VmUsageList,
} from '../format/usage.ts';
import { usageColumns } from '../format/usage-columns.ts';
import { displayName } from '../names.ts';
import type { Screen } from '../screen.ts';
import { suggest } from '../unknown-vm.ts';

export interface TopOptions {
  readonly display: () => Display;
  readonly namespace: NamespaceScope;
  /** Only these; empty stands for all of the namespace. */
  readonly vms: readonly VmIdentity[];
  readonly sort: SortKey;
  readonly once?: true;
  readonly output?: DataFormat;
}

/** What one answer is measured over. */
const SAMPLE_MS = 1000;
const REFRESH_MS = 2000;

export async function top(context: CliContext, client: Client, options: TopOptions): Promise<void> {
  const { screen } = context;
  if (screen !== undefined && !options.once && options.output === undefined)
    return live(context, client, options, screen);
  const before = await look(client, options);
  await sleep(SAMPLE_MS, undefined, { signal: context.signal }).catch((error: unknown) => {
    throw new InterruptedError('interrupted', { cause: error });
  });
  const usage = usageList(before, await look(client, options));
  const { output } = options;
  if (output !== undefined)
    return writeOut(context, await renderData(sorted(usage, options), output));
  await writeOut(context, page(usage, options, context.now()));
  if (usage.items.length === 0) context.stderr.write('No virtual machines.\n');
}

/** The VMs that were asked for. @throws CliError when one of them is not there */
async function look(client: Client, { namespace, vms }: TopOptions): Promise<VmStatsList> {
  const scope = vms.length === 0 ? namespace : undefined;
  const list = await client.get(statsListPath(scope), isVmStatsList);
  if (vms.length === 0) return list;
  const items = vms.map((vm) => {
    const found = list.items.find(
      ({ metadata }) => metadata.namespace === vm.namespace && metadata.name === vm.name,
    );
    return found ?? vm;
  });
  const missing = items.find((item): item is VmIdentity => !('metadata' in item));
  if (missing !== undefined) throw await unknown(missing, list);
  return { ...list, items: items.filter((item) => 'metadata' in item) };
}

async function unknown(vm: VmIdentity, list: VmStatsList): Promise<CliError> {
  const meant = await suggest(
    vm,
    list.items.map(({ metadata }) => metadata),
  );
  return new CliError(`there is no VM ${vm.name} in namespace ${vm.namespace}`, {
    hint:
      meant === undefined
        ? '`solovirt list -A` shows all VMs.'
        : `Did you mean ${displayName(meant)}?`,
  });
}

function sorted(usage: VmUsageList, { sort }: Pick<TopOptions, 'sort'>): VmUsageList {
  return { ...usage, items: sortedUsage(usage.items, sort) };
}

function page(usage: VmUsageList, options: TopOptions, now: number): string {
  const { namespace, vms, display } = options;
  const isUp = ({ instance }: VmUsage): boolean => instance !== undefined;
  // Who names VMs wants to see them; else those that are down are only counted.
  const shown = sorted(usage, options).items.filter((item) => vms.length > 0 || isUp(item));
  const down = usage.items.filter((item) => !isUp(item)).length;
  const namespaces = namespace === undefined || new Set(vms.map((vm) => vm.namespace)).size > 1;
  const table =
    shown.length === 0
      ? ''
      : renderTable(usageColumns({ namespaces }), shown, now, { display: display() });
  return down === 0 || vms.length > 0
    ? table
    : `${table}${down === 1 ? '1 VM is' : `${down} VMs are`} down\n`;
}

// DEC private modes of xterm: the alternate screen, the cursor.
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const TO_LINE_END = '\u001b[K';
const TO_SCREEN_END = '\u001b[J';

const CTRL_C = '\u0003';
const SORT_OF_KEY = new Map(SORT_KEYS.map((sort) => [sort.slice(0, 1), sort]));

/** Until `q` or Ctrl-C. */
async function live(
  context: CliContext,
  client: Client,
  options: TopOptions,
  screen: Screen,
): Promise<void> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  let { sort } = options;
  let before = await look(client, options);
  let usage = usageList(before, before);
  let trouble: string | undefined;
  const draw = (): void => {
    const table = page(usage, { ...options, sort }, context.now());
    const last = trouble ?? `sorted by ${sort}; sort by c(pu) m(emory) d(isk) n(ame), q(uit)`;
    const lines = table.split('\n').slice(0, Math.max(1, screen.rows() - 1));
    const room = options.display().columns ?? last.length;
    context.stdout.write(
      `${HOME}${[...lines, last.slice(0, room)].map((line) => line + TO_LINE_END).join('\r\n')}${TO_SCREEN_END}`,
    );
  };
  using stack = new DisposableStack();
  context.stdout.write(ENTER);
  stack.defer(() => context.stdout.write(LEAVE));
  stack.defer(screen.onResize(draw));
  stack.defer(
    screen.onKey((key) => {
      if (key === 'q' || key === CTRL_C) quit.abort();
      sort = SORT_OF_KEY.get(key) ?? sort;
      draw();
    }),
  );
  draw();
  // The first rates soon, then at leisure.
  for (let pause = SAMPLE_MS; await passed(pause, signal); pause = REFRESH_MS) {
    try {
      const after = await look(client, options);
      usage = usageList(before, after);
      before = after;
      trouble = undefined;
    } catch (error) {
      // A daemon that is restarted is back in a moment.
      trouble = errorMessage(error);
    }
    if (!signal.aborted) draw();
  }
}

/** @returns false when it was ended */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
