/** One probe of one instance: makes its checks at their times, one at a time, and counts the results. */

import type { ProbeSpec } from '../core/model/probe.ts';
import {
  interrupted,
  type ProbeResult,
  type ProbeState,
  probed,
} from '../core/probe/probe-state.ts';
import { afterRest, firstProbeAt, nextProbeAt } from '../core/probe/probe-time.ts';
import type { Clock } from '../ports.ts';
import { check, type ProbeTarget } from '../qemu/probe-check.ts';

export interface Finding {
  readonly result: ProbeResult;
  /** Of a failure. */
  readonly why?: string;
  /** The first of its kind in a row, and another than what is held to be so. */
  readonly isFirst: boolean;
  /** So many came in a row that they count. */
  readonly isTurn: boolean;
  /** What is held to be so from now on. */
  readonly verdict: ProbeResult | undefined;
}

export interface ProbeRunnerDeps {
  readonly probe: ProbeSpec;
  /** What is known from before. */
  readonly state: ProbeState;
  readonly takenOver: boolean;
  /** When guest code first ran (Unix ms). */
  readonly startedAt: number;
  readonly target: ProbeTarget;
  readonly clock: Clock;
  readonly random: () => number;
  /** False while the guest rests. */
  readonly canBeProbed: () => boolean;
  /** When the guest's CPUs last stopped or went on. */
  readonly cpusAt: () => number | undefined;
  readonly onFinding: (finding: Finding) => void;
}

/** setTimeout has no longer times; a probe that is not due yet only waits again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class ProbeRunner implements Disposable {
  readonly #deps: ProbeRunnerDeps;
  #state: ProbeState;
  #dueAt: number;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #rests = false;
  #isOver = false;

  constructor(deps: ProbeRunnerDeps) {
    this.#deps = deps;
    this.#state = deps.state;
    const { probe, clock, random, startedAt, takenOver } = deps;
    const facts = { startedAt, takenOver, now: clock.now(), random: random() };
    this.#dueAt = firstProbeAt(probe, facts);
  }

  /** Something about the guest has changed: it may rest now, or go on. */
  look(): void {
    if (this.#isOver || this.#isBusy) return;
    if (!this.#deps.canBeProbed()) {
      this.#rest();
      return;
    }
    const { probe, clock } = this.#deps;
    if (this.#rests) this.#dueAt = afterRest(probe, this.#dueAt, clock.now());
    this.#rests = false;
    const wait = Math.min(Math.max(0, this.#dueAt - clock.now()), LONGEST_TIMER_MS);
    this.#timer ??= setTimeout(() => this.#fire(), wait).unref();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Before the first check there is nothing to recover from.
    this.#rests ||= this.#state.last !== undefined;
    this.#state = interrupted(this.#state);
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#deps.clock.now() < this.#dueAt || !this.#deps.canBeProbed()) this.look();
    else void this.#probe();
  }

  async #probe(): Promise<void> {
    const { probe, target, clock, canBeProbed, cpusAt } = this.#deps;
    const begunAt = clock.now();
    const cpus = cpusAt();
    this.#isBusy = true;
    const outcome = await check(probe, target);
    this.#isBusy = false;
    if (this.#isOver) return;
    this.#dueAt = nextProbeAt(probe, begunAt, clock.now());
    // A guest that was paused meanwhile could not answer.
    if (canBeProbed() && cpusAt() === cpus) this.#count(outcome);
    this.look();
  }

  #count(outcome: Awaited<ReturnType<typeof check>>): void {
    const before = this.#state;
    this.#state = probed(before, outcome.result, this.#deps.probe);
    this.#deps.onFinding({
      ...outcome,
      isFirst: before.last !== outcome.result && before.verdict !== outcome.result,
      isTurn: before.verdict !== this.#state.verdict,
      verdict: this.#state.verdict,
    });
  }
}
