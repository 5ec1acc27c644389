/** The first of solovirt's two questions: what was this ending? */
import type { Evidence } from '../model/evidence.ts';
import type { Verdict } from '../model/verdict.ts';
import { endFacts } from './facts.ts';
import { VERDICT_TABLE } from './verdict-table.ts';

/** @returns undefined while QEMU still runs */
export function verdict(evidence: Evidence): Verdict | undefined {
  if (evidence.alive) return undefined;
  const facts = endFacts(evidence);
  const row = VERDICT_TABLE.find((r) => r.matches(facts));
  if (row === undefined) throw new Error('the verdict table has no row for "nothing is known"');
  const { outcome, reason, initiator } = row;
  return {
    outcome,
    reason,
    initiator: typeof initiator === 'function' ? initiator(facts) : initiator,
    message: row.message(facts),
  };
}
