/**
 * Keys and passwords that agents bring into their guests: when the agent comes up, and again when the Secret changes in
 * its file. What was brought is remembered for as long as the daemon runs; the next one brings it once more. No value
 * is shown or logged.
 */
import { createHash } from 'node:crypto';
import {
  type AgentOrder,
  agentOrders,
  CredentialFault,
  isByAgent,
  withoutValues,
} from '../core/agent/access-credentials.ts';
import type { InstanceRecord, VmRecord } from '../core/model/record.ts';
import type { AccessCredential } from '../core/model/virtual-machine.ts';
import { canAnswer } from '../core/probe/probe-time.ts';
import type { CredentialStanding } from '../core/status/conditions.ts';
import { errorMessage } from '../core/thrown.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Ground } from './ground.ts';

/** For one user; the guest runs a program for each. */
const ORDER_MS = 10_000;
/** After a failure; whatever changes meanwhile is tried at once. */
const RETRY_MS = 30_000;

interface Brought {
  readonly uid: string;
  standing: CredentialStanding;
  /** Of what was last brought, or was to be. */
  digest: string;
  triedAt: number;
  isBusy: boolean;
}

export class Credentials {
  readonly #ctx: Ground;
  readonly #brought = new Map<string, Brought>();

  constructor(ctx: Ground) {
    this.#ctx = ctx;
    ctx.files.onRead(() => {
      // A Secret may have changed.
      for (const key of this.#brought.keys()) ctx.queue.add(key);
    });
  }

  /** Undefined where no agent is to bring anything. */
  standing(key: string): CredentialStanding | undefined {
    return this.#brought.get(key)?.standing;
  }

  /** To be called at the end of each pass. Begins what is due and does not wait for the guest. */
  follow(key: string): void {
    const record = this.#ctx.records.get(key);
    const live = this.#ctx.lives.get(key);
    const instance = record?.instance;
    const credentials = instance?.spec.accessCredentials?.filter(isByAgent) ?? [];
    const isUp = instance?.phase === 'Running' && instance.stop === undefined;
    if (record === undefined || !isUp || live === undefined || credentials.length === 0) {
      this.#brought.delete(key);
      return;
    }
    const before = this.#brought.get(key);
    const brought = before?.uid === instance.uid ? before : nothingBrought(instance.uid);
    this.#brought.set(key, brought);
    if (!brought.isBusy) this.#look({ key, record, instance, live, credentials }, brought);
  }

  #look(subject: Subject, brought: Brought): void {
    const { key, record, instance, live, credentials } = subject;
    const { namespace } = record;
    const orders = ordersOf(credentials, (name) =>
      this.#ctx.objects.values({ kind: 'Secret', namespace, name }),
    );
    const digest = createHash('sha256').update(JSON.stringify(orders)).digest('hex');
    const isSame = digest === brought.digest;
    if (isSame && brought.standing.kind === 'in-sync') return;
    if (typeof orders === 'string') {
      if (!isSame) this.#failed(subject, brought, orders);
      brought.digest = digest;
      return;
    }
    const { agent } = live.guest;
    if (agent.standing !== 'connected' || !canAnswer(instance, live.sight())) {
      const silence =
        agent.standing === 'connected' ? 'the guest rests' : 'the guest agent does not answer';
      brought.standing = { kind: 'waiting', message: agent.missing ?? silence };
      return;
    }
    const now = this.#ctx.clock.now();
    const retryAt = isSame && brought.standing.kind === 'failed' ? brought.triedAt + RETRY_MS : now;
    if (retryAt > now) {
      this.#ctx.queue.addIn(key, retryAt - now);
      return;
    }
    Object.assign(brought, { digest, triedAt: now, isBusy: true });
    void this.#bring(subject, brought, orders);
  }

  async #bring(subject: Subject, brought: Brought, orders: readonly AgentOrder[]): Promise<void> {
    const failures: string[] = [];
    const { agent } = subject.live.guest;
    for (const order of orders) {
      try {
        await agent.execute(order.command, order.args, ORDER_MS);
      } catch (error) {
        const words = errorMessage(error);
        failures.push(`${order.what}: ${withoutValues(words, order)}`);
      }
    }
    brought.isBusy = false;
    if (this.#brought.get(subject.key) !== brought) return;
    if (failures.length > 0) this.#failed(subject, brought, failures.join('; '));
    else {
      brought.standing = { kind: 'in-sync' };
      const what = orders.map((order) => order.what).join(', ');
      this.#note(subject, 'Normal', 'AccessCredentialsSyncSuccess', `the guest has ${what}`);
    }
    this.#ctx.queue.add(subject.key);
  }

  #failed(subject: Subject, brought: Brought, message: string): void {
    const { standing } = brought;
    if (standing.kind !== 'failed' || standing.message !== message)
      this.#note(subject, 'Warning', 'AccessCredentialsSyncFailed', message);
    brought.standing = { kind: 'failed', message };
  }

  /** Reasons of KubeVirt's (`v1.AccessCredentialsSyncSuccess`). */
  #note(
    { record, instance }: Subject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    this.#ctx.events.note(record, { type, reason, message, instanceUid: instance.uid });
  }
}

interface Subject {
  readonly key: string;
  readonly record: VmRecord;
  readonly instance: InstanceRecord;
  readonly live: LiveInstance;
  readonly credentials: readonly AccessCredential[];
}

function nothingBrought(uid: string): Brought {
  const standing = { kind: 'waiting', message: 'the guest has just started' } as const;
  return { uid, standing, digest: '', triedAt: 0, isBusy: false };
}

/** What is wrong with the Secrets, in words, where something is. */
function ordersOf(...input: Parameters<typeof agentOrders>): readonly AgentOrder[] | string {
  try {
    return agentOrders(...input);
  } catch (error) {
    if (error instanceof CredentialFault) return error.message;
    throw error;
  }
}
