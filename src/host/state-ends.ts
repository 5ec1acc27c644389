/**
 * How often the runs of each VM ended in which way. Counted beside the run history, which keeps only the last runs, so
 * that the numbers never go down while the VM is on record.
 */
import type { EndCount } from '../core/model/record.ts';
import type { Outcome, Verdict, VerdictReason } from '../core/model/verdict.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { StateConnection } from './state-connection.ts';

/** Rows of `counters` that are of this kind: `end NAMESPACE/NAME OUTCOME REASON`, words without blanks all. */
const PREFIX = 'end ';

/** Within a transaction of the caller. */
export function countEnd(db: StateConnection, id: VmIdentity, verdict: Verdict): void {
  db.run(
    'INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1',
    `${ofVm(id)}${verdict.outcome} ${verdict.reason}`,
  );
}

/** Within a transaction of the caller. */
export function forgetEnds(db: StateConnection, id: VmIdentity): void {
  db.run('DELETE FROM counters WHERE substr(name, 1, length(?1)) = ?1', ofVm(id));
}

export function endCounts(db: StateConnection): EndCount[] {
  const rows = db.all(
    'SELECT name, value FROM counters WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name',
    PREFIX,
  );
  return rows.map((row) => {
    const [key = '', outcome = '', reason = ''] = String(row['name'])
      .slice(PREFIX.length)
      .split(' ');
    const [namespace = '', name = ''] = key.split('/');
    return {
      namespace,
      name,
      // Only `countEnd` writes these.
      outcome: outcome as Outcome,
      reason: reason as VerdictReason,
      count: Number(row['value']),
    };
  });
}

function ofVm({ namespace, name }: VmIdentity): string {
  return `${PREFIX}${namespace}/${name} `;
}
