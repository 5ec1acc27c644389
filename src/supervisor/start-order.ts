/**
 * `start-after` as it is in force: who waits for whom, indexed both ways, so that no pass looks at all VMs. Made anew
 * when the files have changed. When something about a VM changes that others look at, those get a pass.
 */

import { type Edges, openCircles, reversed } from '../core/catalogue/start-order-graph.ts';
import { namedKeys } from '../core/catalogue/start-order-problems.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import type { Prospect, StartOrderFacts } from '../core/strategy/situation.ts';
import { prospectOf } from '../core/strategy/start-order.ts';
import type { Ground } from './ground.ts';
import { sightOf, standing } from './standing.ts';

/** What others look at, as they were told last. */
interface Told {
  readonly prospect: string;
  readonly hasInstance: boolean;
  /** Handed over to the launcher; undefined without an instance. */
  readonly dependents: string | undefined;
}

const NONE: Edges = new Map();

export class StartOrder {
  readonly #ctx: Ground;
  readonly #told = new Map<string, Told>();
  #handingOver = Promise.resolve();
  #madeFrom: object | undefined;
  #after = NONE;
  #before = NONE;

  constructor(ctx: Ground) {
    this.#ctx = ctx;
  }

  /** What the VM's start waits for; undefined when it waits for nothing. */
  facts(key: string, { startOrder }: VirtualMachine): StartOrderFacts | undefined {
    const { after, delayMs } = startOrder;
    if (after.length === 0 && delayMs === 0) return undefined;
    const keys = this.#afterOf(key);
    return {
      after: keys.map((other) => ({
        name: nameFor(other, key),
        prospect: this.#prospect(other),
      })),
      delayMs,
      bootAt: delayMs === 0 ? 0 : this.#ctx.settings.bootAt(),
    };
  }

  /** Keys of the VMs that name this one and have an instance: they are to be down before it. */
  liveDependents(key: string): readonly string[] {
    return this.#dependentsOf(key).filter((other) => this.#hasInstance(other));
  }

  /** To be called at the end of each pass. */
  tell(key: string): void {
    const after = this.#afterOf(key);
    const dependents = this.#dependentsOf(key);
    const before = this.#told.get(key);
    if (after.length === 0 && dependents.length === 0 && before === undefined) return;
    const hasInstance = this.#hasInstance(key);
    const now = {
      prospect: JSON.stringify(this.#prospect(key)),
      hasInstance,
      dependents: hasInstance ? this.liveDependents(key).join() : undefined,
    };
    const isGone = !this.#ctx.files.catalogue.has(key) && this.#ctx.records.get(key) === undefined;
    if (isGone) this.#told.delete(key);
    else this.#told.set(key, now);
    if (before?.prospect !== now.prospect)
      for (const other of dependents) this.#ctx.queue.add(other);
    if (before?.hasInstance !== hasInstance) for (const other of after) this.#ctx.queue.add(other);
    if (hasInstance && before?.dependents !== now.dependents) this.#handOver(key);
  }

  /**
   * A service manager stops VMs by itself when the host shuts down: it is to know the order, too. One after the
   * other, each with what is true by then.
   */
  #handOver(key: string): void {
    const { records, settings, log } = this.#ctx;
    const write = async (): Promise<void> => {
      const record = records.get(key);
      if (record?.instance === undefined) return;
      const dependents = this.liveDependents(key).flatMap((other) => records.get(other) ?? []);
      await settings.launcher.setDependents(identityOf(record), dependents.map(identityOf));
    };
    this.#handingOver = this.#handingOver
      .then(write)
      .catch((error: unknown) =>
        log.warn({ vm: key, error }, 'stop order could not be handed over'),
      );
  }

  #prospect(key: string): Prospect {
    const { clock, lives, records } = this.#ctx;
    const { vm, removed } = standing(this.#ctx, key);
    const record = records.get(key);
    return prospectOf({
      vm,
      removed,
      record,
      instance: record?.instance === undefined ? undefined : sightOf(this.#ctx, key),
      resumedAt: lives.get(key)?.facts.resumedAt,
      now: clock.now(),
    });
  }

  #hasInstance(key: string): boolean {
    return this.#ctx.records.get(key)?.instance !== undefined;
  }

  #afterOf(key: string): readonly string[] {
    this.#refresh();
    return this.#after.get(key) ?? [];
  }

  #dependentsOf(key: string): readonly string[] {
    this.#refresh();
    return this.#before.get(key) ?? [];
  }

  #refresh(): void {
    const { catalogue } = this.#ctx.files;
    if (this.#madeFrom === catalogue) return;
    const isFirst = this.#madeFrom === undefined;
    this.#madeFrom = catalogue;
    const before = [this.#after, this.#before];
    const { edges } = openCircles(this.#named());
    this.#after = edges;
    this.#before = reversed(edges);
    // Somebody else's file may have opened or closed a circle; at first there is nobody who waits yet.
    if (!isFirst)
      for (const key of changed(before, [edges, this.#before])) this.#ctx.queue.add(key);
  }

  /** A removed VM still counts while its instance lives: others are to outlive it. */
  #named(): Edges {
    const { files, records } = this.#ctx;
    const named = new Map<string, readonly string[]>();
    const look = (key: string, vm: VirtualMachine | undefined): void => {
      if (vm !== undefined && vm.startOrder.after.length > 0) named.set(key, namedKeys(vm));
    };
    for (const [key, { vm }] of files.catalogue) look(key, vm ?? records.lastGood(key));
    for (const key of records.keys())
      if (!files.catalogue.has(key)) look(key, records.lastGood(key));
    return named;
  }
}

function changed(before: readonly Edges[], after: readonly Edges[]): ReadonlySet<string> {
  const keys = new Set([...before, ...after].flatMap((edges) => [...edges.keys()]));
  const words = (all: readonly Edges[], key: string): string =>
    all.map((edges) => edges.get(key)?.join() ?? '').join(' ');
  return new Set([...keys].filter((key) => words(before, key) !== words(after, key)));
}

/** `db`, or `prod/db` when the other VM is in another namespace. */
export function nameFor(key: string, other: string): string {
  const namespace = other.slice(0, other.indexOf('/') + 1);
  return namespace !== '' && key.startsWith(namespace) ? key.slice(namespace.length) : key;
}

function identityOf({ namespace, name }: VmIdentity): VmIdentity {
  return { namespace, name };
}
