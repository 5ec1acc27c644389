/** solovirt's own additions: runs with their verdicts, the live instance, what waits, problems of files. */
import type { Problem } from '../core/model/problem.ts';
import { declareType, field } from '../core/schema/declare.ts';
import {
  ANY_OBJECT,
  INTEGER,
  listOf,
  type ObjectType,
  of,
  oneOf,
  TEXT,
  TIME,
} from '../core/schema/schema.ts';
import type { HeldView, InstanceView, StopView } from './contract.ts';
import type { EvidenceView, RunList, RunView, VerdictView } from './contract-runs.ts';

import { FROZEN_VIEW, GUEST_VIEW, PLUGGED_VIEW } from './contract-schema-guest.ts';

const OWN = 'io.solovirt.v1';
const INITIATOR = oneOf('guest', 'command', 'file', 'host', 'supervisor', 'outside');
const PHASE = oneOf('Pending', 'Scheduling', 'Scheduled', 'Running', 'Succeeded', 'Failed');

export const PROBLEM = declareType<Problem>(
  { name: 'Problem', package: OWN, description: 'A fault in a VM file.' },
  {
    code: field(TEXT, 'The kind of the fault, as one word.'),
    severity: field(oneOf('error', 'warning'), 'An error keeps the file from taking effect.'),
    path: field(TEXT, 'The path of the field; empty for the whole document.'),
    line: field(INTEGER, 'The line in the file, from 1.'),
    column: field(INTEGER, 'The column in the file, from 1.'),
    message: field(TEXT, 'What was found and what would be right.'),
  },
  ['code', 'severity', 'path', 'line', 'column', 'message'],
);

export const VERDICT = declareType<VerdictView>(
  { name: 'Verdict', package: OWN, description: 'What the end of a run counts as.' },
  {
    outcome: field(oneOf('Succeeded', 'Failed'), 'How the run strategy takes it.'),
    reason: field(TEXT, 'What ended the run, as one word.'),
    initiator: field(INITIATOR, 'Who ended it.'),
    message: field(TEXT, 'What ended it, in words.'),
  },
  ['outcome', 'reason', 'initiator', 'message'],
);

export const EVIDENCE = declareType<EvidenceView>(
  { name: 'Evidence', package: OWN, description: 'What the verdict was found on.' },
  {
    exit: field(ANY_OBJECT, 'How QEMU ended: exit code or signal.'),
    events: field(listOf(ANY_OBJECT), "The events of QEMU's own journal."),
    intents: field(listOf(ANY_OBJECT), 'What solovirt was about to do to it.'),
    oomProof: field(TEXT, 'What proves that the host had run out of memory.'),
    diskHolder: field(TEXT, 'Who kept a disk locked that QEMU could not get.'),
    stderrTail: field(TEXT, 'The last that QEMU said.'),
    consoleTail: field(TEXT, 'The last lines of the serial console.'),
  },
  ['events', 'intents', 'stderrTail', 'consoleTail'],
);

export const RUN = declareType<RunView>(
  { name: 'Run', package: OWN, description: 'A run that has ended.' },
  {
    uid: field(TEXT, 'The uid of the instance.'),
    startedAt: field(TIME, 'When it was started.'),
    runningAt: field(TIME, 'When guest code began to run; absent when it never did.'),
    endedAt: field(TIME, 'When it ended.'),
    verdict: field(of(VERDICT), 'What the end counts as.'),
    evidence: field(of(EVIDENCE), 'What the verdict was found on. Only on the list of all runs.'),
  },
  ['uid', 'startedAt', 'endedAt', 'verdict'],
);

export const RUN_LIST = declareType<RunList>(
  { name: 'RunList', package: OWN, description: 'All runs of a VM that are known.' },
  {
    apiVersion: field(TEXT, 'solovirt.io/v1.'),
    kind: field(TEXT, 'RunList.'),
    items: field(listOf(RUN), 'The runs, newest first.'),
  },
  ['items'],
);

const STOP = declareType<StopView>(
  { name: 'Stop', package: OWN, description: 'A stop in progress.' },
  {
    initiator: field(INITIATOR, 'Who stops it.'),
    since: field(TIME, 'Since when.'),
    gracePeriodSeconds: field(INTEGER, 'How long the guest may take to shut down.'),
    deadline: field(TIME, 'When it is forced off.'),
    agentAskedAt: field(TIME, 'When the agent in the guest was asked to shut it down.'),
    rung: field(
      TEXT,
      'The last rung of the stop ladder: agent-shutdown, powerdown, quit, terminate or kill.',
    ),
  },
  ['initiator', 'since', 'gracePeriodSeconds', 'deadline'],
);

export const INSTANCE_VIEW: ObjectType = declareType<InstanceView>(
  { name: 'InstanceView', package: OWN, description: 'The instance that lives, in brief.' },
  {
    uid: field(TEXT, 'Its uid.'),
    phase: field(PHASE, 'Its phase.'),
    startedAt: field(TIME, 'When QEMU was started.'),
    runningAt: field(TIME, 'When guest code began to run.'),
    pid: field(INTEGER, 'The process of QEMU.'),
    runState: field(TEXT, "QEMU's run state, in QMP's words."),
    resets: field(INTEGER, 'How often the guest was reset since it came up.'),
    stop: field(of(STOP), 'The stop in progress, if there is one.'),
    addresses: field(
      listOf(TEXT),
      'Addresses of the guest, as its agent tells them or DHCP gave them.',
    ),
    networks: field(
      listOf(PLUGGED_VIEW),
      'The interfaces on bridges of the host; absent without any.',
    ),
    guest: field(of(GUEST_VIEW), 'What the agent in the guest tells; absent without one.'),
    frozen: field(of(FROZEN_VIEW), 'Absent unless a command froze the file systems.'),
  },
  ['uid', 'phase', 'resets'],
);

export const HELD = declareType<HeldView>(
  { name: 'Held', package: OWN, description: 'Why something that is due does not happen yet.' },
  {
    by: field(
      oneOf(
        'draining',
        'image-pull-back-off',
        'image-pull-failed',
        'provisioning',
        'provisioning-failed',
        'start-after',
        'start-delay',
        'stop-order',
      ),
      'What holds it up.',
    ),
    message: field(TEXT, 'The same in words.'),
    until: field(TIME, 'Until when; absent when something has to happen first.'),
  },
  ['by', 'message'],
);
