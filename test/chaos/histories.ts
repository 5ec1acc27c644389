/**
 * The instances and verdicts that the API has shown: what was seen to run gets one verdict, which is final, and what
 * was seen goes into the book as facts with their times.
 */
import { ask, type Event, eventsPath, items, type Run, type Vm } from './api.ts';
import type { VmPage } from './book.ts';
import { STRATEGIES } from './fleet.ts';
import { processesOf, qemusAmong } from './proc.ts';
import type { Stage } from './stage.ts';
import { Violation } from './story.ts';
import { checkVerdict, isVerdict, SLACK_MS } from './verdict-check.ts';

/** Of those, the API lists no more. */
const RUNS_ON_RECORD = 100;

/** One VM object: a VM that is removed and declared again is another. */
interface Known {
  readonly uid: string;
  /** The instance that was seen last, until its verdict is seen. */
  live: string | undefined;
  /** Instances that were seen to run, and must get a verdict. */
  readonly ran: Set<string>;
}

export class Histories {
  readonly #stage: Stage;
  readonly #started = new Set<string>();
  readonly #known = new Map<string, Known>();
  readonly #forgottenRuns: { readonly vm: string; readonly uid: string; readonly from: number }[] =
    [];
  readonly #verdicts = new Map<string, string>();
  /** How often each reason was given. */
  readonly endings = new Map<string, number>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get instances(): number {
    return this.#started.size;
  }

  /** A list of VMs that was asked for at that time (Unix ms). @throws Violation */
  take(vms: readonly Vm[], askedAt: number): void {
    for (const vm of vms) this.#lookAtVm(vm, askedAt);
    for (const name of this.#known.keys())
      if (!vms.some(({ metadata }) => metadata.name === name)) this.#forgotten(name);
  }

  /** Instances of the VM that run or have run, before its runs are asked for; for `checkRuns`. */
  ran(vm: string): readonly string[] {
    return [...(this.#known.get(vm)?.ran ?? [])];
  }

  /** All runs that the API has of a VM: each of `ran` is among them once, or lives. */
  checkRuns(vm: string, runs: readonly Run[], ran: readonly string[]): void {
    const uids = runs.map(({ uid }) => uid);
    const fail = (message: string): never => {
      throw new Violation('one verdict for each instance', message, vm);
    };
    if (new Set(uids).size !== uids.length) fail(`twice in ${uids.join(' ')}`);
    const live = qemusAmong(processesOf(this.#stage.place.dir)).map(({ uid }) => uid);
    if (runs.length < RUNS_ON_RECORD)
      for (const uid of ran)
        if (!uids.includes(uid) && !live.includes(uid) && this.#known.get(vm)?.live !== uid)
          fail(`none for ${uid}`);
    for (const run of runs) this.#takeRun(vm, run, Date.now());
  }

  #lookAtVm(vm: Vm, askedAt: number): void {
    const { name } = vm.metadata;
    const page = this.#stage.book.pages.get(name);
    // A file that was never valid is listed under its own name.
    if (page === undefined) return;
    const known = this.#knownOf(vm);
    for (const run of vm.status.runHistory.toReversed()) this.#takeRun(name, run, Date.now());
    const { instance, runStrategy } = vm.status;
    if (instance?.phase === 'Running') known.ran.add(instance.uid);
    if (known.live !== instance?.uid) this.#replaced(page, known, vm);
    known.live = instance?.uid;
    if (instance?.startedAt !== undefined)
      this.#takeStart(name, instance.uid, Date.parse(instance.startedAt));
    this.#notice(page, runStrategy, askedAt);
    page.shown = STRATEGIES.find((strategy) => strategy === runStrategy);
  }

  #knownOf({ metadata: { name, uid }, status }: Vm): Known {
    const before = this.#known.get(name);
    if (before?.uid === uid) return before;
    this.#forgotten(name);
    const known = { uid, live: undefined, ran: new Set(status.runHistory.map((run) => run.uid)) };
    this.#known.set(name, known);
    return known;
  }

  /**
   * What lived lives no more. An instance that was recorded, but for which no QEMU was started before the daemon died,
   * is dropped and begun anew; any other gets a verdict.
   */
  #replaced(page: VmPage, { live: uid, ran }: Known, seen: Vm): void {
    if (uid === undefined || this.#verdicts.has(uid)) return;
    const { name } = page.member;
    const start = page.facts.find((fact) => fact.kind === 'start' && fact.uid === uid);
    const { deaths } = this.#stage.daemon;
    if (start === undefined || ran.has(uid) || !deaths.some((at) => at > start.to - 2 * SLACK_MS))
      throw new Violation(
        'one verdict for each instance',
        `none for ${uid}, which is gone; shown is ${JSON.stringify(seen)}`,
        name,
      );
    page.facts = page.facts.filter((fact) => fact !== start);
    this.#stage.story.tell('dropped', { vm: name, uid });
  }

  /** The VM was removed: what lived has ended, and its history has gone with it. */
  #forgotten(vm: string): void {
    const known = this.#known.get(vm);
    this.#known.delete(vm);
    if (known?.live === undefined) return;
    const { live: uid } = known;
    const page = this.#stage.book.page(vm);
    const from = page.facts.find(({ kind }) => kind === 'removal')?.from ?? 0;
    page.facts.push({ kind: 'end', uid, outcome: 'Succeeded', from, to: Date.now() });
    this.#forgottenRuns.push({ vm, uid, from });
    this.#stage.story.tell('forgotten', { vm, uid });
  }

  /** The history of a VM goes with it; its events stay, and tell the last verdict. */
  async checkForgotten(): Promise<void> {
    const { book, place, daemon } = this.#stage;
    const [forgotten] = this.#forgottenRuns;
    if (forgotten === undefined) return;
    const { vm, uid, from } = forgotten;
    const answer = await ask(place.socket, 'GET', eventsPath(vm));
    if (answer?.code !== 200) return;
    this.#forgottenRuns.shift();
    const told = items<Event>(answer)
      .filter(({ related, reason }) => related?.uid === uid && isVerdict(reason))
      .map(({ reason }) => reason);
    const reasons = book.reasons(vm, uid, from, Date.now(), daemon.deaths);
    if (told.length <= 1 && told.every((reason) => reasons.has(reason))) return;
    throw new Violation(
      'every verdict is what was done',
      `events judge instance ${uid} ${told.join(' and ')}, expected ${[...reasons].join(' or ')}`,
      vm,
    );
  }

  /** A new strategy that shows has been read by then. */
  #notice(page: VmPage, shown: string | undefined, askedAt: number): void {
    const last = page.facts.findLast((fact) => fact.kind !== 'start' && fact.kind !== 'end');
    if (last?.kind !== 'write' || last.strategy !== shown || page.shown === shown) return;
    if (last.from < askedAt) last.to = Math.min(last.to, Date.now());
  }

  #takeStart(vm: string, uid: string, startedAt: number): void {
    if (this.#started.has(uid)) return;
    this.#started.add(uid);
    const page = this.#stage.book.page(vm);
    const before = page.facts.findLast(({ kind }) => kind === 'end');
    const since = before?.from ?? 0;
    // An instance whose QEMU was never started goes with its daemon, and the next one begins anew.
    const anew = this.#stage.daemon.deaths.some((at) => at > since && at < startedAt);
    const from = anew ? since : startedAt - SLACK_MS;
    page.facts.push({ kind: 'start', uid, from, to: startedAt + SLACK_MS });
    this.#stage.story.tell('instance', { vm, uid, startedAt });
  }

  #takeRun(vm: string, run: Run, now: number): void {
    const { uid, startedAt, runningAt, endedAt, verdict } = run;
    const told = JSON.stringify({ uid, startedAt, runningAt, endedAt, verdict });
    const before = this.#verdicts.get(run.uid);
    if (before === told) return;
    if (before !== undefined)
      throw new Violation('a verdict is final', `first ${before}\nthen ${told}`, vm);
    this.#takeStart(vm, run.uid, Date.parse(run.startedAt));
    this.#verdicts.set(run.uid, told);
    const { outcome, reason } = run.verdict;
    this.endings.set(reason, (this.endings.get(reason) ?? 0) + 1);
    this.#stage.story.tell('verdict', { vm, ...run });
    const from = Date.parse(run.endedAt) - SLACK_MS;
    this.#stage.book.page(vm).facts.push({ kind: 'end', uid: run.uid, outcome, from, to: now });
    checkVerdict(this.#stage, vm, run);
  }
}
