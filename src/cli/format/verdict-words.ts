/**
 * Ends of runs in plain words.
 */
import type { RunView } from '../../api/contract-runs.ts';
import { formatAge, parseTime } from './age.ts';

export { lastEndWords } from '../../api/contract-words.ts';
export { verdictWords } from '../../core/words/verdict-words.ts';

/** How long a run was up, or `never ran`. */
export function ranFor(run: RunView): string {
  const from = parseTime(run.runningAt);
  const to = parseTime(run.endedAt);
  return from === undefined || to === undefined ? 'never ran' : formatAge(to - from);
}
