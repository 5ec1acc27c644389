/**
 * What happened since this daemon's start, as far as no record tells it later: how long starts, stops and passes took,
 * and what failed. Counts only; who wants to know asks.
 */
import type { Outcome } from '../core/model/verdict.ts';
import { QmpCommandError, QmpTimeoutError } from '../qemu/qmp-error.ts';
import type { BoardChange } from './board.ts';
import { Histogram } from './histogram.ts';

/** `spawned`: from the record of the start to QEMU; `running`: to the guest's first instruction. */
export type StartStage = 'spawned' | 'running';
/** `refused`: QEMU said no; `timeout`: it said nothing; `closed`: the connection was lost or not to be had. */
export type QmpFailure = 'refused' | 'timeout' | 'closed';

/**
 * Why a guest's own numbers are missing. `unresponsive`: QEMU has not answered for seconds; `late`: not within the second
 * that one who asks waits; `failed`: QEMU refused, or the connection was lost.
 */
export type MissingReason = 'unresponsive' | 'late' | 'failed';

const START_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const STOP_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300];
const PASS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

export class Tally {
  readonly starts: Readonly<Record<StartStage, Histogram>> = {
    spawned: new Histogram(START_SECONDS),
    running: new Histogram(START_SECONDS),
  };
  readonly stops: Readonly<Record<Outcome, Histogram>> = {
    Succeeded: new Histogram(STOP_SECONDS),
    Failed: new Histogram(STOP_SECONDS),
  };
  readonly passes = new Histogram(PASS_SECONDS);
  passFailures = 0;
  readonly scrapeFailures: Record<MissingReason, number> = { unresponsive: 0, late: 0, failed: 0 };
  /** By command, of which there are as many as this program has words for. */
  readonly qmpFailures = new Map<string, Record<QmpFailure, number>>();

  scrapeFailed(reason: MissingReason): void {
    this.scrapeFailures[reason] += 1;
  }

  qmpFailed(command: string, error: unknown): void {
    // The answer to `quit` may get lost in QEMU's own end.
    if (command === 'quit') return;
    const counts = this.qmpFailures.get(command) ?? { refused: 0, timeout: 0, closed: 0 };
    this.qmpFailures.set(command, counts);
    if (error instanceof QmpTimeoutError) counts.timeout += 1;
    else if (error instanceof QmpCommandError) counts.refused += 1;
    else counts.closed += 1;
  }

  /** @param work one pass */
  async timed(work: () => Promise<void>): Promise<void> {
    const from = performance.now();
    try {
      await work();
    } catch (error) {
      this.passFailures += 1;
      throw error;
    } finally {
      this.passes.observe((performance.now() - from) / 1000);
    }
  }

  /** Notes what a change of the board says about starts and stops. */
  take({ type, snapshot, previous }: BoardChange): void {
    if (type !== 'MODIFIED') return;
    const before = previous?.record?.instance;
    const now = snapshot.record?.instance;
    const { spawnedAt } = snapshot.instance ?? {};
    if (now !== undefined && spawnedAt !== undefined && previous?.instance?.spawnedAt !== spawnedAt)
      this.starts.spawned.observe((spawnedAt - now.createdAt) / 1000);
    const ranBefore = before?.uid === now?.uid && before?.runningAt !== undefined;
    if (now?.runningAt !== undefined && !ranBefore)
      this.starts.running.observe((now.runningAt - now.createdAt) / 1000);
    const [run] = snapshot.history;
    if (before?.stop === undefined || run?.uid !== before.uid || now?.uid === before.uid) return;
    this.stops[run.verdict.outcome].observe((run.endedAt - before.stop.since) / 1000);
  }
}
