/**
 * The stop ladder: which rung to take now, or until when to wait. The grace period is the guest's: its clock starts
 * when the guest is first asked, and nothing but a shorter grace period changes it, so a daemon that starts anew goes
 * on at the same rung with the same clock. A guest that could not be asked is given what is left since `stop.since`.
 */
import type { Intent, Rung } from '../model/evidence.ts';
import type { StopRecord } from '../model/record.ts';

/** A booting guest can miss the button, so it is pressed again (kubevirt/kubevirt#5691). */
export const POWERDOWN_REPEAT_MS = 5000;
/** How long each forced rung gets before the next. */
export const FORCED_RUNG_MS = 2000;

export interface LadderFacts {
  readonly stop: StopRecord;
  /** Guest code runs, or will when it is resumed: false before its first instruction, and when the guest is dead. */
  readonly awake: boolean;
  /** It has a power button (ACPI). */
  readonly button: boolean;
  /** Its agent answers. */
  readonly agent: boolean;
  /** True while the QMP monitor answers. */
  readonly monitor: boolean;
  readonly now: number;
}

export type LadderStep =
  | { readonly kind: 'take'; readonly rung: Rung }
  | { readonly kind: 'wait'; readonly until: number };

export function graceDeadline(stop: StopRecord): number {
  return (stop.askedAt ?? stop.since) + stop.gracePeriodSeconds * 1000;
}

/** Rungs on which the guest is asked, and not forced. */
export function isAsking(rung: Rung): boolean {
  return rung === 'agent-shutdown' || rung === 'powerdown';
}

/** The guest is not asked, or not any more. */
export function isForced({ rung, gracePeriodSeconds }: StopRecord): boolean {
  return gracePeriodSeconds === 0 || (rung !== undefined && !isAsking(rung));
}

/** True when there is somebody to ask; an agent that was asked goes away while its guest shuts down. */
export function canBeAsked({
  stop,
  awake,
  button,
  agent,
}: Pick<LadderFacts, 'stop' | 'awake' | 'button' | 'agent'>): boolean {
  return awake && (button || agent || stop.agentAt !== undefined);
}

export function nextStep(facts: LadderFacts): LadderStep {
  const { stop, monitor, now } = facts;
  const { rung } = stop;
  if (isForced(stop) || !canBeAsked(facts)) return force(facts);
  // However late: no daemon was there to ask, and no guest is to be forced that was never asked.
  const neverAsked = rung === undefined && monitor;
  return neverAsked || now < graceDeadline(stop) ? ask(facts) : force(facts);
}

/**
 * Agent and power button side by side: the one does not wait for what comes of the other, so an agent that hangs costs
 * the guest nothing. One that comes up late is asked then.
 */
function ask({ stop, button, agent, monitor, now }: LadderFacts): LadderStep {
  const deadline = graceDeadline(stop);
  // Without a monitor neither a paused guest can be resumed nor the button pressed; it may answer again in time.
  if (!monitor) return { kind: 'wait', until: deadline };
  if (agent && stop.agentAt === undefined) return { kind: 'take', rung: 'agent-shutdown' };
  if (!button) return { kind: 'wait', until: deadline };
  if (stop.rung !== 'powerdown') return { kind: 'take', rung: 'powerdown' };
  const again = (stop.rungAt ?? now) + POWERDOWN_REPEAT_MS;
  if (now >= again) return { kind: 'take', rung: 'powerdown' };
  return { kind: 'wait', until: Math.min(again, deadline) };
}

function force(facts: LadderFacts): LadderStep {
  const { rung, rungAt } = facts.stop;
  if (rung === undefined || isAsking(rung) || rungAt === undefined)
    return { kind: 'take', rung: facts.monitor ? 'quit' : 'terminate' };
  const over = rungAt + FORCED_RUNG_MS;
  if (facts.now < over) return { kind: 'wait', until: over };
  return { kind: 'take', rung: rung === 'quit' ? 'terminate' : 'kill' };
}

/**
 * The stop that an instance's own directory tells of, should its record be lost. The clock starts at the first rung.
 * @returns undefined when no rung was ever taken
 */
export function stopUnderWay(intents: readonly Intent[]): StopRecord | undefined {
  const taken = intents.flatMap(({ action, ...rest }) =>
    isRung(action) ? [{ rung: action, ...rest }] : [],
  );
  const [first] = taken;
  const last = taken.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const { initiator, at: since } = first;
  const { gracePeriodSeconds, rung, at: rungAt } = last;
  const asked = taken.find((intent) => isAsking(intent.rung));
  const askedAt = asked === undefined ? {} : { askedAt: asked.at };
  const agent = taken.find((intent) => intent.rung === 'agent-shutdown');
  const agentAt = agent === undefined ? {} : { agentAt: agent.at };
  return { initiator, gracePeriodSeconds, since, ...askedAt, ...agentAt, rung, rungAt };
}

function isRung(action: Intent['action']): action is Rung {
  switch (action) {
    case 'agent-shutdown':
    case 'powerdown':
    case 'quit':
    case 'terminate':
    case 'kill':
      return true;
    case 'host-shutdown':
    case 'liveness-probe-failed':
    case 'end-hung':
      return false;
  }
}
