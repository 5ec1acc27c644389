/**
 * Probes of the guests that have some: begun, interrupted and ended by what each pass finds. Between two checks there is one
 * timer for each probe, and none while the guest rests. What a probe comes to is put on record; `core` decides what
 * follows from it.
 */
import type { InstanceRecord } from '../core/model/record.ts';
import { type ProbeKind, type ProbeState, UNPROBED } from '../core/probe/probe-state.ts';
import { canBeProbed, isProbed } from '../core/probe/probe-time.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import { GuestExec } from '../qemu/guest-exec.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { ProbeTarget } from '../qemu/probe-check.ts';
import type { Ground } from './ground.ts';
import { type Finding, ProbeRunner } from './probe-runner.ts';

interface Subject {
  readonly key: string;
  /** Of the instance. */
  readonly uid: string;
  readonly kind: ProbeKind;
}

interface Probed {
  readonly uid: string;
  /** When it was last put on record why the guest is not ready. */
  toldAt: number;
  readonly runners: readonly ProbeRunner[];
}

/** Why a guest is not ready is not told anew more often. */
const NEWS_MS = 10_000;

export class Probes implements Disposable {
  readonly #ctx: Ground;
  readonly #probed = new Map<string, Probed>();

  constructor(ctx: Ground) {
    this.#ctx = ctx;
  }

  /** To be called at the end of each pass. */
  follow(key: string): void {
    const instance = this.#ctx.records.get(key)?.instance;
    const live = this.#ctx.lives.get(key);
    const isWanted = instance !== undefined && live !== undefined && isProbed(instance);
    if (this.#probed.get(key)?.uid !== (isWanted ? instance.uid : undefined)) this.#end(key);
    if (!isWanted) return;
    const probed = this.#probed.get(key) ?? this.#begin(key, instance, live);
    for (const runner of probed.runners) runner.look();
  }

  [Symbol.dispose](): void {
    for (const key of this.#probed.keys()) this.#end(key);
  }

  #end(key: string): void {
    for (const runner of this.#probed.get(key)?.runners ?? []) runner[Symbol.dispose]();
    this.#probed.delete(key);
  }

  #begin(key: string, instance: InstanceRecord, live: LiveInstance): Probed {
    const { readinessProbe, livenessProbe } = instance.spec;
    const { clock, random } = this.#ctx;
    const probes = [
      ['readiness', readinessProbe],
      ['liveness', livenessProbe],
    ] as const;
    const runners = probes.flatMap(([kind, probe]) => {
      if (probe === undefined) return [];
      const runner = new ProbeRunner({
        probe,
        state: kind === 'readiness' ? stateOf(instance) : UNPROBED,
        // A guest that was taken over had been probed by another daemon.
        takenOver: live.spawnedAt === undefined,
        startedAt: live.facts.resumedAt ?? instance.runningAt ?? clock.now(),
        target: targetOf(instance, live),
        clock,
        random,
        canBeProbed: () => {
          const now = this.#ctx.records.get(key)?.instance;
          return now?.uid === instance.uid && isKnown(live) && canBeProbed(now, live.sight());
        },
        cpusAt: () => live.facts.cpusAt,
        onFinding: (finding) => this.#found({ key, uid: instance.uid, kind }, finding),
      });
      return [runner];
    });
    const probed = { uid: instance.uid, runners, toldAt: 0 };
    this.#probed.set(key, probed);
    return probed;
  }

  /** Events as kubelet has them: `Unhealthy` for a failure. */
  #found({ key, uid, kind }: Subject, finding: Finding): void {
    const { result, why, isFirst, isTurn } = finding;
    const record = this.#ctx.records.get(key);
    if (record?.instance?.uid !== uid) return;
    const isNews = kind === 'readiness' && this.#isNews(key, record.instance, finding);
    if (result === 'failure' && (isFirst || isTurn || isNews))
      this.#ctx.events.note(record, {
        type: 'Warning',
        reason: 'Unhealthy',
        message: `${TITLES[kind]} probe failed: ${why}`,
        instanceUid: uid,
      });
    // A guest that is found alive is what it was.
    if (isNews || (isTurn && (kind === 'readiness' || result === 'failure')))
      void this.#record({ key, uid, kind }, finding);
  }

  /** A guest that is not ready any other way than before; it decides itself how often that changes. */
  #isNews(key: string, { readiness }: InstanceRecord, { why, verdict, isTurn }: Finding): boolean {
    const probed = this.#probed.get(key);
    const now = this.#ctx.clock.now();
    if (probed === undefined) return false;
    if (isTurn) probed.toldAt = now;
    if (isTurn || verdict !== 'failure' || why === undefined || why === readiness?.message)
      return false;
    if (now - probed.toldAt < NEWS_MS) return false;
    probed.toldAt = now;
    return true;
  }

  /** It is so, whether it can be stored or not. */
  async #record({ key, uid, kind }: Subject, { verdict, why, isTurn }: Finding): Promise<void> {
    const at = this.#ctx.clock.now();
    await this.#ctx.queue.exclusive(key, () => {
      const record = this.#ctx.records.get(key);
      if (record?.instance?.uid !== uid) return;
      if (kind === 'liveness') {
        this.#ctx.records.take(withInstance(record, { livenessFailedAt: at }));
        return;
      }
      const ready = verdict === 'success';
      const before = record.instance.readiness;
      // One that never was ready has been what it is since it came up.
      const since = isTurn && (ready || before !== undefined) ? at : before?.since;
      const readiness = {
        ready,
        ...(since === undefined ? {} : { since }),
        ...(why === undefined ? {} : { message: why }),
      };
      this.#ctx.records.take(withInstance(record, { readiness }));
      if (ready)
        this.#ctx.events.note(record, {
          type: 'Normal',
          reason: 'Ready',
          message: 'the readiness probe succeeded',
          instanceUid: uid,
        });
    });
    this.#ctx.queue.add(key);
  }
}

const TITLES: Readonly<Record<ProbeKind, string>> = {
  readiness: 'Readiness',
  liveness: 'Liveness',
};

/** A guest that was found ready stays so until its probe says otherwise. */
function stateOf({ readiness }: InstanceRecord): ProbeState {
  if (readiness === undefined) return UNPROBED;
  return { verdict: readiness.ready ? 'success' : 'failure', run: 0 };
}

/** Right after a daemon has taken a guest over, nobody has told yet whether it has an agent. */
function isKnown({ guest }: LiveInstance): boolean {
  return guest.agent.standing !== 'unknown';
}

function targetOf({ spec }: InstanceRecord, live: LiveInstance): ProbeTarget {
  const { agent } = live.guest;
  return {
    agent,
    exec: new GuestExec(agent),
    interfaces: spec.interfaces,
    execute: (...call) => live.execute(...call),
  };
}
