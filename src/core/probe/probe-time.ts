/** When a guest is probed, and when not. Pure; times are Unix ms. */
import type { ProbeSpec } from '../model/probe.ts';
import type { InstanceRecord } from '../model/record.ts';
import type { InstanceView } from '../strategy/situation.ts';

export interface FirstProbeFacts {
  /** When guest code first ran. */
  readonly startedAt: number;
  readonly now: number;
  /** Another daemon had probed it before. */
  readonly takenOver: boolean;
  /** 0 to 1. */
  readonly random: number;
}

/** The initial delay counts from the start of the guest. Guests that are taken over are not all probed at once. */
export function firstProbeAt(probe: ProbeSpec, facts: FirstProbeFacts): number {
  const due = facts.startedAt + probe.initialDelaySeconds * 1000;
  const spread = facts.takenOver ? facts.random * probe.periodSeconds * 1000 : 0;
  return Math.max(due, facts.now + spread);
}

/** A check that took longer than the period is followed by the next at once. */
export function nextProbeAt({ periodSeconds }: ProbeSpec, begunAt: number, now: number): number {
  return Math.max(begunAt + periodSeconds * 1000, now);
}

/** A guest that goes on after a rest gets a whole period before it is asked. */
export function afterRest({ periodSeconds }: ProbeSpec, dueAt: number, now: number): number {
  return Math.max(dueAt, now + periodSeconds * 1000);
}

/** False while the guest cannot answer and is not to blame: paused, frozen, or between two boots. */
export function canBeProbed(instance: InstanceRecord, seen: InstanceView): boolean {
  return isProbed(instance) && canAnswer(instance, seen);
}

/** The guest runs, and nobody has it frozen or between two boots. */
export function canAnswer({ softReboot, freeze }: InstanceRecord, seen: InstanceView): boolean {
  return (
    softReboot === undefined &&
    freeze === undefined &&
    seen.kind === 'live' &&
    seen.runState === 'running'
  );
}

/** False for an instance that has no probes, does not run yet, or is on its way out. */
export function isProbed({ spec, phase, stop, livenessFailedAt }: InstanceRecord): boolean {
  const has = spec.readinessProbe !== undefined || spec.livenessProbe !== undefined;
  return has && phase === 'Running' && stop === undefined && livenessFailedAt === undefined;
}

/** Under KubeVirt a guest without a readiness probe is ready as soon as it runs. */
export function isReady({ spec, readiness }: InstanceRecord): boolean {
  return spec.readinessProbe === undefined || readiness?.ready === true;
}
