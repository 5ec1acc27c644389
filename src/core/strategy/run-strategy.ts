/**
 * THE TABLES: what a run strategy asks for while no command is pending, and what a command makes of the strategy.
 * Literal rows; `docs/run-strategies.md` is checked against them. Source: the run-strategy document of KubeVirt
 * (user guide, "Run Strategies") and KubeVirt v1.9 `pkg/virt-api/rest/lifecycle.go`.
 */
import type { LastRun } from '../model/record.ts';
import type { RunStrategy } from '../model/virtual-machine.ts';

/** What to do about a VM that has no live instance. */
export type Wish = 'start' | 'stay down';

/** Rows: strategy. Columns: how the last run ended. A start after an unstable end waits for the backoff. */
export const WISHES: Readonly<Record<RunStrategy, Readonly<Record<LastRun, Wish>>>> = {
  Always: { NeverRan: 'start', Succeeded: 'start', Failed: 'start', Stopped: 'start' },
  RerunOnFailure: {
    NeverRan: 'start',
    Succeeded: 'stay down',
    Failed: 'start',
    Stopped: 'stay down',
  },
  Once: {
    NeverRan: 'start',
    Succeeded: 'stay down',
    Failed: 'stay down',
    Stopped: 'stay down',
  },
  Manual: {
    NeverRan: 'stay down',
    Succeeded: 'stay down',
    Failed: 'stay down',
    Stopped: 'stay down',
  },
  Halted: {
    NeverRan: 'stay down',
    Succeeded: 'stay down',
    Failed: 'stay down',
    Stopped: 'stay down',
  },
};

export type Verb = 'start' | 'stop' | 'restart';

/** The strategy after a command; `–` means that the command has no effect on it. */
export type StrategyTable = Readonly<
  Record<RunStrategy, Readonly<Record<Verb, RunStrategy | '–'>>>
>;

/** The published table of the run-strategy document: the default. */
const documentTable: StrategyTable = {
  Always: { start: '–', stop: 'Halted', restart: 'Always' },
  RerunOnFailure: { start: '–', stop: 'Halted', restart: 'RerunOnFailure' },
  Manual: { start: 'Manual', stop: 'Manual', restart: 'Manual' },
  Halted: { start: 'Always', stop: '–', restart: '–' },
  Once: { start: '–', stop: 'Halted', restart: '–' },
};

/** KubeVirt since v1.2.0 (kubevirt/kubevirt#10639): RerunOnFailure keeps its strategy on every command. */
const kubevirtTable: StrategyTable = {
  ...documentTable,
  RerunOnFailure: { start: 'RerunOnFailure', stop: 'RerunOnFailure', restart: 'RerunOnFailure' },
};

/** The tables that the configuration entry `strategyTable` can name. */
export const STRATEGY_TABLES = {
  default: documentTable,
  'kubevirt-v1': kubevirtTable,
} as const satisfies Record<string, StrategyTable>;

export type StrategyTableName = keyof typeof STRATEGY_TABLES;

/**
 * What editing the strategy makes of the last run. KubeVirt removes the finished instance under Always,
 * RerunOnFailure and Halted, and with every stop command, so a switch then finds nothing and counts as "never
 * ran"; Manual and Once keep what ended otherwise, so the new strategy still sees how.
 */
export function lastRunAfterEdit(from: RunStrategy, lastRun: LastRun): LastRun {
  const kept = (from === 'Manual' || from === 'Once') && lastRun !== 'Stopped';
  return kept ? lastRun : 'NeverRan';
}
