/**
 * The second of solovirt's two questions: what now? One pure function from a situation to one action with its
 * reason. A pass carries the action out and asks again until the answer is "wait".
 */
import type {
  FreezeRecord,
  InstanceRecord,
  SoftReboot,
  StopRecord,
  VmRecord,
} from '../model/record.ts';
import type { Action } from './action.ts';
import { isThawDue, thawBeforeStop } from './freeze.ts';
import { hungEnd } from './hung-end.ts';
import { IO_RETRY_STATE } from './io-retry.ts';
import { provisionBefore } from './provision.ts';
import { WISHES } from './run-strategy.ts';
import type { DumpView, InstanceView, Situation } from './situation.ts';
import { inWords as namesInWords, startGate } from './start-order.ts';
import { canBeAsked, nextStep } from './stop-ladder.ts';

/** Run states in which no powerdown reaches the guest (QAPI `RunState`). */
const DEAF_STATES = new Set(['guest-panicked', 'internal-error', 'shutdown', 'watchdog']);

const PANICKED = 'guest-panicked';
/** QEMU writes hundreds of MiB in a second; a disk that hangs is not waited for. */
const DUMP_MS = 600_000;

/** SeaBIOS resets the machine once more when it finds itself started again (measured: within milliseconds). */
const RESET_SETTLES_MS = 2000;

export function decide(situation: Situation): Action {
  const { record, instance } = situation;
  if (record.instance !== undefined && instance !== undefined)
    return decideInstance(situation, record.instance, instance);
  return decideDown(situation);
}

/** No instance: only the run strategy and a queued start can ask for one. Its disks come first. */
function decideDown(situation: Situation): Action {
  const action = decideUp(situation);
  const { provision, now } = situation;
  return action.kind === 'start' ? provisionBefore(action, provision, now) : action;
}

function decideUp(situation: Situation): Action {
  const { vm, removed, record, draining } = situation;
  if (removed) return { kind: 'forget', reason: 'its document was removed' };
  if (vm === undefined) return { kind: 'wait', reason: 'its document is not understood' };
  const { startRequest, lastRun } = record;
  if (startRequest === undefined && WISHES[vm.runStrategy][lastRun] === 'stay down')
    return { kind: 'wait', reason: `${vm.runStrategy}, ${inWords(lastRun)}: stays down` };
  if (draining !== undefined)
    return { kind: 'wait', reason: 'draining: nothing is started', held: 'draining' };
  if (startRequest !== undefined)
    return { kind: 'start', paused: startRequest.paused, reason: 'a command asked for it' };
  return decideStart(situation, `${vm.runStrategy}, ${inWords(lastRun)}: to be started`);
}

/** The run strategy wants the VM up: at once, unless its backoff or other VMs hold it up. */
function decideStart({ record, startOrder, now }: Situation, reason: string): Action {
  const { retryAt } = record.backoff;
  if (retryAt !== undefined && retryAt > now)
    return { kind: 'wait', reason: `${reason} after the backoff`, until: retryAt };
  const gate = startGate(startOrder, now);
  if (gate.open) return { kind: 'start', paused: false, reason };
  const { open: _, ...hold } = gate;
  return { kind: 'wait', ...hold };
}

function decideInstance(
  situation: Situation,
  instance: InstanceRecord,
  seen: InstanceView,
): Action {
  switch (seen.kind) {
    case 'ended':
      return { kind: 'conclude', reason: 'the instance has ended' };
    case 'ending':
      return { kind: 'wait', reason: 'QEMU is gone, its wait status is awaited' };
    case 'unlaunched':
      return { kind: 'discard', reason: 'no QEMU was started for it' };
    case 'launching':
    case 'live': {
      const ending = hungEnd(instance, seen, situation.now);
      if (ending !== undefined) return ending;
      const stop = instance.stop ?? stopToBegin(situation, instance);
      if (stop === undefined) return heldBack(situation, decideWanted(situation, instance, seen));
      if (instance.stop === undefined)
        return { kind: 'begin-stop', stop, reason: stopReason(situation, stop) };
      return decideStop(situation, instance, stop, seen);
    }
  }
}

/**
 * A file that was removed or says Halted ends the instance, and so do a liveness probe that failed and draining; a command has
 * recorded its stop.
 */
function stopToBegin(
  { vm, removed, draining, now }: Situation,
  instance: InstanceRecord,
): StopRecord | undefined {
  const { gracePeriodSeconds, phase } = instance;
  if (removed || vm?.runStrategy === 'Halted')
    return { initiator: 'file', gracePeriodSeconds, since: now };
  if (instance.livenessFailedAt !== undefined)
    return { initiator: 'supervisor', gracePeriodSeconds, since: now };
  if (draining === undefined) return undefined;
  // Nobody can depend on a guest that does not run yet.
  const isTurn = draining.dependents.length === 0 || phase !== 'Running';
  return isTurn ? { initiator: 'host', gracePeriodSeconds, since: now } : undefined;
}

function stopReason({ removed }: Situation, { initiator }: StopRecord): string {
  if (initiator === 'supervisor') return 'its liveness probe failed';
  if (initiator === 'host') return 'draining';
  return removed ? 'its document was removed' : 'its run strategy is Halted';
}

/** While draining, a guest runs on only because others are to be down first. */
function heldBack({ draining }: Situation, action: Action): Action {
  if (draining === undefined || action.kind !== 'wait') return action;
  const reason = `draining: waiting for ${namesInWords(draining.dependents)} to be down`;
  return { ...action, reason, held: 'stop-order' };
}

function decideStop(
  { now }: Situation,
  instance: InstanceRecord,
  stop: StopRecord,
  seen: Extract<InstanceView, { kind: 'launching' | 'live' }>,
): Action {
  if (seen.kind === 'launching') return { kind: 'wait', reason: 'stopping once QEMU is there' };
  const { agent, monitor } = seen;
  const awake = seen.resumed && !DEAF_STATES.has(seen.runState ?? 'running');
  const ladder = { stop, awake, button: instance.acpi, agent, monitor, now };
  const guestListens = canBeAsked(ladder);
  // A guest that is frozen cannot shut down cleanly.
  const thaw = guestListens ? thawBeforeStop(instance.freeze, stop.since, now) : undefined;
  if (thaw?.kind === 'thaw') return { kind: 'thaw', reason: 'it is to be stopped' };
  if (thaw?.kind === 'wait' && stop.gracePeriodSeconds > 0)
    return { kind: 'wait', reason: 'stopping: the guest thaws', until: thaw.until };
  const step = nextStep(ladder);
  if (step.kind === 'wait') {
    return { kind: 'wait', reason: `stopping: ${stop.rung ?? 'asked'}`, until: step.until };
  }
  // A guest that cannot be asked is forced off as if no grace period had been given: it could not have used it.
  const gracePeriodSeconds = guestListens ? stop.gracePeriodSeconds : 0;
  return { kind: 'take-rung', rung: step.rung, gracePeriodSeconds, reason: 'stop ladder' };
}

function decideWanted(
  { now }: Situation,
  instance: InstanceRecord,
  seen: Extract<InstanceView, { kind: 'launching' | 'live' }>,
): Action {
  if (seen.kind === 'launching' || seen.runState === undefined)
    return { kind: 'wait', reason: 'waiting for QEMU to answer' };
  if (instance.phase !== 'Running') return decideComingUp(instance, seen.runState, seen.resumed);
  if (instance.abandoned !== undefined && seen.monitor)
    return { kind: 'undo-command', verb: instance.abandoned, reason: 'QEMU answers again' };
  if (seen.runState === PANICKED && instance.spec.panicDumps !== undefined)
    return decideAfterPanic(instance, seen.dump, now);
  if (instance.softReboot !== undefined)
    return decideSoftReboot(instance.softReboot, seen.runState, now);
  // It obeyed just when the soft reboot was given up.
  if (seen.runState === 'shutdown')
    return { kind: 'finish-soft-reboot', reason: 'the guest has shut down and QEMU holds it' };
  if (instance.resetAt !== undefined) return decideAfterReset(instance.resetAt, now);
  if (seen.runState === IO_RETRY_STATE && !instance.pausedByUser)
    return decideIoRetry(instance.ioRetry?.nextAt ?? now, now);
  return decideThaw(instance.freeze, now) ?? { kind: 'wait', reason: `running (${seen.runState})` };
}

/** QEMU has stopped the guest at its panic, so that its memory can be dumped. */
function decideAfterPanic(
  { gracePeriodSeconds }: InstanceRecord,
  dump: DumpView | undefined,
  now: number,
): Action {
  if (dump === undefined) return { kind: 'dump-memory', reason: 'the guest has panicked' };
  const until = dump.kind === 'active' ? dump.since + DUMP_MS : now;
  if (now < until) return { kind: 'wait', reason: 'its memory is dumped', until };
  const stop: StopRecord = { initiator: 'guest', gracePeriodSeconds, since: now };
  return { kind: 'begin-stop', stop, reason: 'the guest has panicked' };
}

function decideThaw(freeze: FreezeRecord | undefined, now: number): Action | undefined {
  if (freeze?.thawAt === undefined) return undefined;
  if (isThawDue(freeze, now)) return { kind: 'thaw', reason: 'it was frozen long enough' };
  return { kind: 'wait', reason: 'its file systems are frozen', until: freeze.thawAt };
}

function decideComingUp(instance: InstanceRecord, runState: string, resumed: boolean): Action {
  if (resumed) return { kind: 'mark-running', paused: false, reason: 'the guest runs' };
  if (instance.startPaused)
    return { kind: 'mark-running', paused: true, reason: 'the guest is to start paused' };
  // Also when `cont` was recorded before: the daemon may have died between the record and the command.
  if (runState === 'prelaunch') return { kind: 'run-guest', reason: 'QEMU is ready' };
  return { kind: 'wait', reason: `coming up (${runState})` };
}

function decideAfterReset(resetAt: number, now: number): Action {
  const over = resetAt + RESET_SETTLES_MS;
  if (now >= over) return { kind: 'finish-reset', reason: 'the guest has been reset' };
  return { kind: 'wait', reason: 'the guest is being reset', until: over };
}

function decideSoftReboot(softReboot: SoftReboot, runState: string, now: number): Action {
  const { askedAt, deadline, waking } = softReboot;
  if (waking === true)
    return { kind: 'finish-soft-reboot', reason: 'an earlier daemon was starting the guest again' };
  if (runState === 'shutdown' || runState === 'prelaunch')
    return { kind: 'finish-soft-reboot', reason: 'the guest has shut down' };
  if (now >= deadline)
    return { kind: 'give-up-soft-reboot', reason: 'the guest did not react in time' };
  if (askedAt === undefined) return { kind: 'ask-soft-reboot', reason: 'a command asked for it' };
  return { kind: 'wait', reason: 'soft reboot: waiting for the guest', until: deadline };
}

function decideIoRetry(nextAt: number, now: number): Action {
  if (now >= nextAt) return { kind: 'retry-io', reason: 'paused on a disk error' };
  return { kind: 'wait', reason: 'paused on a disk error', until: nextAt };
}

function inWords(lastRun: VmRecord['lastRun']): string {
  switch (lastRun) {
    case 'NeverRan':
      return 'not run yet';
    case 'Succeeded':
      return 'last run succeeded';
    case 'Failed':
      return 'last run failed';
    case 'Stopped':
      return 'stopped by a command';
  }
}
