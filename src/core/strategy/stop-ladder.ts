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
  /** False when a powerdown cannot reach the guest: no ACPI, no guest code run yet, or the guest is dead. */
  readonly guestListens: boolean;
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

/** True when the guest is to be asked before it is forced. */
export function isGraceful(facts: Pick<LadderFacts, 'stop' | 'guestListens'>): boolean {
  return facts.guestListens && facts.stop.gracePeriodSeconds > 0;
}

export function nextStep(facts: LadderFacts): LadderStep {
  const { rung } = facts.stop;
  const asking = rung === undefined || rung === 'powerdown';
  if (!asking || !isGraceful(facts)) return force(facts);
  // However late: no daemon was there to ask, and no guest is to be forced that was never asked.
  if (rung === undefined && facts.monitor) return { kind: 'take', rung: 'powerdown' };
  if (facts.now < graceDeadline(facts.stop)) return ask(facts);
  return force(facts);
}

function ask(facts: LadderFacts): LadderStep {
  const deadline = graceDeadline(facts.stop);
  // Without a monitor the button cannot be pressed; it may answer again before the grace period ends.
  if (!facts.monitor) return { kind: 'wait', until: deadline };
  const again = (facts.stop.rungAt ?? facts.now) + POWERDOWN_REPEAT_MS;
  if (facts.now >= again) return { kind: 'take', rung: 'powerdown' };
  return { kind: 'wait', until: Math.min(again, deadline) };
}

function force(facts: LadderFacts): LadderStep {
  const { rung, rungAt } = facts.stop;
  if (rung === undefined || rung === 'powerdown' || rungAt === undefined)
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
  const asked = taken.find((intent) => intent.rung === 'powerdown');
  const askedAt = asked === undefined ? {} : { askedAt: asked.at };
  return { initiator, gracePeriodSeconds, since, ...askedAt, rung, rungAt };
}

function isRung(action: Intent['action']): action is Rung {
  switch (action) {
    case 'powerdown':
    case 'quit':
    case 'terminate':
    case 'kill':
      return true;
    case 'host-shutdown':
    case 'liveness-probe-failed':
      return false;
  }
}
