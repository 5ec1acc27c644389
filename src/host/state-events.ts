/** The rows of `events`: what happened to VMs and instances, counted where it happened again; only the latest are kept. */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { Row, StateConnection } from './state-connection.ts';

export const MAX_EVENTS = 5000;

export interface StoredEvent {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** When it happened last (Unix ms). */
  readonly at: number;
  /** When it happened first. */
  readonly firstAt: number;
  readonly count: number;
  /** What it happened to. */
  readonly about: 'vm' | 'instance';
  readonly vmUid?: string;
  readonly instanceUid?: string;
}

/** Within a transaction of the caller. */
export function saveEvent(db: StateConnection, event: StoredEvent): void {
  const { uid, namespace, name, type, reason, message, at, firstAt, count, about } = event;
  db.run(
    `INSERT INTO events (uid, namespace, name, type, reason, message, at, first_at, count, about,
       vm_uid, instance_uid)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (uid) DO UPDATE SET at = excluded.at, count = excluded.count`,
    ...[uid, namespace, name, type, reason, message, at, firstAt, count, about],
    ...[event.vmUid ?? null, event.instanceUid ?? null],
  );
  db.run('DELETE FROM events WHERE seq <= (SELECT MAX(seq) FROM events) - ?', MAX_EVENTS);
}

/** The latest `limit` events, oldest first. */
export function events(
  db: StateConnection,
  filter: Partial<VmIdentity>,
  limit: number,
): StoredEvent[] {
  const where = ['namespace', 'name'] as const;
  const given = where.flatMap((key) => (filter[key] === undefined ? [] : [[key, filter[key]]]));
  const condition = given.map(([key]) => `${key} = ?`).join(' AND ') || 'true';
  const rows = db.all(
    `SELECT * FROM events WHERE ${condition} ORDER BY seq DESC LIMIT ?`,
    ...given.map(([, value]) => String(value)),
    limit,
  );
  return rows.reverse().map(toEvent);
}

/** A read-only database may be of an older schema, and lack what came later. */
function toEvent(row: Row): StoredEvent {
  const { at, vm_uid: vmUid, instance_uid: instanceUid } = row;
  const isAboutVm = row['about'] === 'vm' || (row['about'] == null && instanceUid === null);
  return {
    uid: String(row['uid']),
    namespace: String(row['namespace']),
    name: String(row['name']),
    type: row['type'] === 'Warning' ? 'Warning' : 'Normal',
    reason: String(row['reason']),
    message: String(row['message']),
    at: Number(at),
    firstAt: Number(row['first_at'] ?? at),
    count: Number(row['count'] ?? 1),
    about: isAboutVm ? 'vm' : 'instance',
    ...(typeof vmUid === 'string' && { vmUid }),
    ...(typeof instanceUid === 'string' && { instanceUid }),
  };
}
