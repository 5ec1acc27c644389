/**
 * What the results of a probe amount to, as kubelet counts them (`pkg/kubelet/prober/worker.go`): only so many results of one
 * kind in a row change anything. Pure.
 */
import type { ProbeSpec } from '../model/probe.ts';

export type ProbeKind = 'readiness' | 'liveness';
export type ProbeResult = 'success' | 'failure';

export interface ProbeState {
  /** What is held to be so; undefined before there was reason to hold anything. */
  readonly verdict?: ProbeResult;
  /** The last result, and how many of it came in a row. */
  readonly last?: ProbeResult;
  readonly run: number;
}

export const UNPROBED: ProbeState = { run: 0 };

/** What is held to be so stays; results from before an interruption say nothing about the next. */
export function interrupted({ verdict }: ProbeState): ProbeState {
  return verdict === undefined ? UNPROBED : { verdict, run: 0 };
}

export function probed(
  state: ProbeState,
  result: ProbeResult,
  { successThreshold, failureThreshold }: ProbeSpec,
): ProbeState {
  const run = state.last === result ? state.run + 1 : 1;
  const threshold = result === 'success' ? successThreshold : failureThreshold;
  const counted = { ...state, last: result, run };
  return run < threshold ? counted : { ...counted, verdict: result };
}
