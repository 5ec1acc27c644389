/** The guest that a question or a command to its agent is for. Wording is KubeVirt's (`pkg/virt-api/rest`). */
import type { InstanceRecord, VmRecord } from '../core/model/record.ts';
import { isHalted } from '../core/status/printable-status.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';
import { conflict, notFound } from './refusal.ts';

export interface GuestTarget {
  readonly record: VmRecord;
  readonly instance: InstanceRecord;
  readonly live: LiveInstance;
}

/** An instance that runs and has an agent. @throws Refusal */
export function findGuest(ctx: Context, key: string): GuestTarget {
  const target = findRunning(ctx, key);
  const sight = target.live.sight();
  if (target.instance.stop !== undefined) throw conflict('VM is being stopped');
  if (sight.kind === 'live' && isHalted(sight.runState)) throw conflict('VMI is paused');
  requireAgent(target);
  return target;
}

/** An instance that runs and has an agent, whatever it is doing just now. @throws Refusal */
export function findAgent(ctx: Context, key: string): GuestTarget {
  const target = findRunning(ctx, key);
  requireAgent(target);
  return target;
}

function findRunning(ctx: Context, key: string): GuestTarget {
  const record = ctx.records.get(key);
  const live = ctx.lives.get(key);
  const instance = record?.instance;
  const name = key.slice(key.indexOf('/') + 1);
  if (record === undefined)
    throw notFound(`virtualmachineinstances.kubevirt.io "${name}" not found`);
  if (instance === undefined || live === undefined || instance.phase !== 'Running')
    throw conflict('VMI is not running');
  return { record, instance, live };
}

function requireAgent({ live }: GuestTarget): void {
  const why = live.guest.agent.missing;
  if (why !== undefined) throw conflict(`VMI does not have guest agent connected: ${why}`);
}
