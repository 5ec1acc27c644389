/**
 * The columns of `solovirt runs`, and of the last runs in `solovirt describe`.
 */
import type { RunView } from '../../api/contract-runs.ts';
import { formatInstant, formatInstantAgo } from './age.ts';
import { outcomeStyle } from './paint.ts';
import type { Column } from './table.ts';
import { ranFor, verdictWords } from './verdict-words.ts';

/** Enough to tell the runs of one VM apart, and taken in place of the whole uid. */
export const SHORT_UID = 8;

export function runColumns({ wide }: { readonly wide: boolean }): readonly Column<RunView>[] {
  const uid: Column<RunView> = wide
    ? { title: 'RUN', cell: (run) => run.uid }
    : { title: 'RUN', cell: (run) => run.uid.slice(0, SHORT_UID) };
  const started: Column<RunView> = {
    title: 'STARTED',
    cell: (run) => formatInstant(run.startedAt),
    drop: 6,
  };
  return [uid, ...(wide ? [started] : []), ...RECENT_RUN_COLUMNS];
}

export const RECENT_RUN_COLUMNS: readonly Column<RunView>[] = [
  { title: 'ENDED', cell: (run, now) => formatInstantAgo(run.endedAt, now), drop: 4 },
  { title: 'RAN FOR', cell: ranFor, drop: 3 },
  {
    title: 'OUTCOME',
    cell: ({ verdict }) => verdict.outcome,
    style: ({ verdict }) => outcomeStyle(verdict),
  },
  { title: 'REASON', cell: ({ verdict }) => verdict.reason },
  { title: 'BY', cell: ({ verdict }) => verdict.initiator, drop: 5 },
  {
    title: 'MESSAGE',
    cell: ({ verdict }) => verdict.message || verdictWords(verdict),
    drop: 1,
  },
];
