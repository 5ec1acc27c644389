/**
 * The shapes of what the state database and evidence directories hold as JSON text, field by field as in `core/model`.
 */
import type {
  Evidence,
  ExitStatus,
  Initiator,
  Intent,
  ProcessIdentity,
  QmpEvent,
  Rung,
} from '../core/model/evidence.ts';
import type {
  AbandonedVerb,
  BackoffRecord,
  CommandEffects,
  FreezeRecord,
  InstanceDescription,
  InstanceRecord,
  LastRun,
  LivePhase,
  PendingWrite,
  ReadinessRecord,
  RunEntry,
  SoftReboot,
  SourceRecord,
  StartRequest,
  StopRecord,
  VmRecord,
} from '../core/model/record.ts';
import type { Outcome, Verdict } from '../core/model/verdict.ts';
import type { InstanceSpec, RunStrategy, VmIdentity } from '../core/model/virtual-machine.ts';
import {
  anyList,
  anyObject,
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  variants,
} from './state-shape.ts';

const strategy = oneOf<RunStrategy>({
  Always: true,
  RerunOnFailure: true,
  Manual: true,
  Halted: true,
  Once: true,
});
const lastRun = oneOf<LastRun>({ NeverRan: true, Succeeded: true, Failed: true, Stopped: true });
const phase = oneOf<LivePhase>({ Pending: true, Scheduling: true, Scheduled: true, Running: true });
const initiator = oneOf<Initiator>({
  guest: true,
  command: true,
  file: true,
  host: true,
  supervisor: true,
  outside: true,
});
const rungs: Readonly<Record<Rung, true>> = {
  'agent-shutdown': true,
  powerdown: true,
  quit: true,
  terminate: true,
  kill: true,
};

const startRequest = object<StartRequest>({ paused: flag, at: number });
const stop = object<StopRecord>({
  initiator,
  gracePeriodSeconds: number,
  since: number,
  commanded: optional(flag),
  askedAt: optional(number),
  agentAt: optional(number),
  rung: optional(oneOf<Rung>(rungs)),
  rungAt: optional(number),
});

/** The lists are not looked into: the spec was valid when it was stored, and JSON keeps what it keeps. */
const spec = object<InstanceSpec>({
  architecture: optional(text),
  cpu: anyObject,
  memoryBytes: number,
  machineType: text,
  acpi: flag,
  smm: optional(flag),
  clock: optional(anyObject),
  chassis: optional(anyObject),
  hugepageBytes: optional(number),
  bootloader: optional(anyObject),
  system: optional(anyObject),
  kernelBoot: optional(anyObject),
  hostname: optional(text),
  subdomain: optional(text),
  disks: anyList,
  interfaces: anyList,
  filesystems: optional(anyList),
  rng: flag,
  watchdog: optional(anyObject),
  tpm: optional(anyObject),
  vsock: optional(flag),
  panicDevices: anyList,
  panicDumps: optional(number),
  graphics: flag,
  video: optional(text),
  serialConsole: flag,
  memBalloon: flag,
  inputDevice: flag,
  inputs: optional(anyList),
  gracePeriodSeconds: number,
  startPaused: flag,
  rebootPolicy: oneOf<InstanceSpec['rebootPolicy']>({ Reboot: true, Terminate: true }),
  readinessProbe: optional(anyObject),
  livenessProbe: optional(anyObject),
  accessCredentials: optional(anyList),
  limits: optional(anyObject),
});

const instance = object<InstanceRecord>({
  uid: text,
  phase,
  createdAt: number,
  startedAt: optional(number),
  scheduledAt: optional(number),
  runningAt: optional(number),
  generation: optional(number),
  startPaused: flag,
  gracePeriodSeconds: number,
  acpi: flag,
  template: anyObject,
  spec,
  vsockCid: optional(number),
  networks: optional(anyList),
  tapsUnnamed: optional(flag),
  process: optional(object<ProcessIdentity>({ pid: number, startTime: number, bootId: text })),
  stop: optional(stop),
  softReboot: optional(
    object<SoftReboot>({
      at: number,
      deadline: number,
      askedAt: optional(number),
      waking: optional(flag),
    }),
  ),
  resetAt: optional(number),
  freeze: optional(
    object<FreezeRecord>({
      at: number,
      thawAt: optional(number),
      attempts: optional(number),
      triedAt: optional(number),
    }),
  ),
  readiness: optional(
    object<ReadinessRecord>({ ready: flag, since: optional(number), message: optional(text) }),
  ),
  livenessFailedAt: optional(number),
  pausedByUser: flag,
  abandoned: optional(oneOf<AbandonedVerb>({ pause: true, unpause: true, softreboot: true })),
  hungEndKilledAt: optional(number),
  ioRetry: optional(
    object<NonNullable<InstanceRecord['ioRetry']>>({
      attempts: number,
      lastAt: number,
      nextAt: number,
    }),
  ),
});

const effects = object<CommandEffects>({
  stop: optional(stop),
  startRequest: optional(nullable(startRequest)),
  lastRun: optional(lastRun),
});

export const vmRecordShape = object<VmRecord>({
  namespace: text,
  name: text,
  uid: text,
  createdAt: number,
  generation: number,
  editedAt: optional(number),
  source: object<SourceRecord>({ path: text, index: number, text }),
  strategy,
  lastRun,
  backoff: object<BackoffRecord>({ unstable: number, retryAt: optional(number) }),
  startRequest: optional(startRequest),
  instance: optional(instance),
  pendingWrite: optional(object<PendingWrite>({ to: strategy, effects, at: number })),
});

export const instanceDescriptionShape = object<InstanceDescription>({
  vm: object<VmIdentity>({ namespace: text, name: text }),
  uid: text,
  argv: anyList,
  template: anyObject,
  spec,
  networks: optional(anyList),
  startPaused: optional(flag),
  vsockCid: optional(number),
});

/** The reason stays any word: an old verdict whose reason has gone out of use is still worth showing. */
export const runEntryShape = object<RunEntry>({
  uid: text,
  startedAt: number,
  scheduledAt: optional(number),
  runningAt: optional(number),
  endedAt: number,
  verdict: object<Verdict>({
    outcome: oneOf<Outcome>({ Succeeded: true, Failed: true }),
    reason: text,
    initiator,
    message: text,
  }),
});

type Exited = Extract<ExitStatus, { kind: 'exited' }>;
type Signaled = Extract<ExitStatus, { kind: 'signaled' }>;

export const evidenceShape = object<Evidence>({
  alive: flag,
  sameBoot: optional(flag),
  exit: optional(
    variants('kind', {
      exited: object<Exited>({ kind: text, code: number }),
      signaled: object<Signaled>({ kind: text, signal: number }),
    }),
  ),
  events: list(object<QmpEvent>({ event: text, data: anyObject, at: number })),
  intents: list(
    object<Intent>({
      action: oneOf<Intent['action']>({
        ...rungs,
        'host-shutdown': true,
        'liveness-probe-failed': true,
        'end-hung': true,
      }),
      initiator,
      gracePeriodSeconds: number,
      at: number,
    }),
  ),
  oomProof: optional(text),
  diskHolder: optional(text),
  launchError: optional(text),
  stderrTail: text,
  consoleTail: text,
});
