/**
 * Records, runs and events for the tests of the state database.
 */
import type { Evidence } from '../../../src/core/model/evidence.ts';
import type { InstanceRecord, RunEntry, VmRecord } from '../../../src/core/model/record.ts';
import { StateDb } from '../../../src/host/state-db.ts';
import type { StoredEvent } from '../../../src/host/state-events.ts';
import { silentLog } from './support.ts';

const NOW = Date.UTC(2026, 10, 22, 17, 0, 0);
export const services = { clock: { now: () => NOW }, log: silentLog };
export const WEB = { namespace: 'default', name: 'web' };

export const INSTANCE: InstanceRecord = {
  uid: 'i-1',
  phase: 'Running',
  createdAt: 1,
  startedAt: 2,
  runningAt: 3,
  startPaused: false,
  gracePeriodSeconds: 30,
  acpi: true,
  template: { spec: { domain: {} } },
  spec: {
    cpu: { sockets: 1, cores: 1, threads: 1, model: 'host-model' },
    memoryBytes: 2 ** 26,
    machineType: 'q35',
    acpi: true,
    disks: [],
    interfaces: [],
    rng: false,
    panicDevices: ['pvpanic'],
    graphics: false,
    serialConsole: true,
    memBalloon: true,
    inputDevice: false,
    gracePeriodSeconds: 30,
    startPaused: false,
    rebootPolicy: 'Reboot',
  },
  process: { pid: 42, startTime: 4711, bootId: 'b' },
  stop: { initiator: 'command', gracePeriodSeconds: 5, since: 4, rung: 'powerdown', rungAt: 5 },
  softReboot: { at: 1, deadline: 2 },
  pausedByUser: false,
  ioRetry: { attempts: 1, lastAt: 2, nextAt: 3 },
};

export function vm(name: string, rest: Partial<VmRecord> = {}): VmRecord {
  return {
    namespace: 'default',
    name,
    uid: `uid-${name}`,
    createdAt: 1,
    generation: 1,
    source: { path: `/vms/${name}.yaml`, index: 0, text: `name: ${name} 🖥\n` },
    strategy: 'Always',
    lastRun: 'NeverRan',
    backoff: { unstable: 0 },
    ...rest,
  };
}

export const EVIDENCE: Evidence = {
  alive: false,
  sameBoot: true,
  exit: { kind: 'signaled', signal: 9 },
  events: [{ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' }, at: 1 }],
  intents: [{ action: 'powerdown', initiator: 'command', gracePeriodSeconds: 30, at: 1 }],
  oomProof: 'cgroup',
  stderrTail: 'line\n',
  consoleTail: '',
};

export function run(uid: string): RunEntry {
  const verdict = {
    outcome: 'Succeeded',
    reason: 'GuestShutdown',
    initiator: 'guest',
    message: 'The guest shut down.',
  } as const;
  return { uid, startedAt: 1, runningAt: 2, endedAt: 3, verdict };
}

export function event(n: number, rest: Partial<StoredEvent> = {}): StoredEvent {
  const uid = `e-${n}`;
  const about = rest.instanceUid === undefined ? 'vm' : 'instance';
  const words = { type: 'Normal', reason: 'Started', message: 'text' } as const;
  return { uid, ...WEB, ...words, at: n, firstAt: n, count: 1, about, ...rest };
}

/** What a daemon finds that starts after this one. */
export function reopened<T>(dir: string, look: (db: StateDb) => T): T {
  const { db } = StateDb.open(dir, services);
  using open = db;
  return look(open);
}
