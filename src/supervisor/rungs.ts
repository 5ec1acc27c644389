/**
 * Carries out one rung of the stop ladder, and ends what hangs in its own end. Nothing here is waited for: whether the guest obeyed shows in its end,
 * and the ladder's clock runs on if QEMU does not even answer.
 */
import type { Rung } from '../core/model/evidence.ts';
import type { VmRecord } from '../core/model/record.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import { AgentClosedError, AgentError } from '../qemu/agent-error.ts';
import { appendIntent } from '../qemu/intent.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';

/** For the agent to say what it has against it; it says nothing when it obeys. */
const AGENT_MS = 3000;

const PAUSED_STATES = new Set(['paused', 'io-error', 'prelaunch', 'debug']);

/** @param agentFailed told why the agent does not shut its guest down, when that is known */
export function takeRung(
  ctx: Pick<Context, 'log'>,
  live: LiveInstance,
  rung: Rung,
  agentFailed: (message: string) => void,
): void {
  carryOut(live, rung).catch((error: unknown) => {
    // The channel of a guest that shuts down is closed.
    if (error instanceof AgentError && !(error instanceof AgentClosedError))
      agentFailed(`${error.message}; its power button and its grace period are not affected`);
    // A QEMU that quits rarely gets to answer; its end is what counts.
    ctx.log.debug({ uid: live.paths.uid, rung, error }, 'rung of the stop ladder got no answer');
  });
}

/**
 * Its end counts as what it told of it, killed or not: the verdict table looks at the first SHUTDOWN.
 * @throws what the disk has against the intent, or KillError
 */
export async function endHung(ctx: Context, key: string, record: VmRecord): Promise<void> {
  const live = ctx.lives.get(key);
  if (record.instance === undefined || live === undefined) return;
  const at = ctx.clock.now();
  const intent = {
    action: 'end-hung',
    initiator: 'supervisor',
    gracePeriodSeconds: 0,
    at,
  } as const;
  await appendIntent(live.paths, intent);
  await live.kill();
  ctx.records.take(withInstance(record, { hungEndKilledAt: at }));
  ctx.events.note(record, {
    type: 'Warning',
    reason: 'EndHung',
    message: 'QEMU had told its end and did not get there: it was killed',
    instanceUid: record.instance.uid,
  });
}

async function carryOut(live: LiveInstance, rung: Rung): Promise<void> {
  switch (rung) {
    case 'agent-shutdown':
      await wake(live);
      await live.guest.agent.tell('guest-shutdown', undefined, AGENT_MS);
      return;
    case 'powerdown':
      await wake(live);
      await live.execute('system_powerdown');
      return;
    case 'quit':
      await live.execute('quit');
      return;
    case 'terminate':
      await live.terminate();
      return;
    case 'kill':
      await live.kill();
      return;
  }
}

/** A paused or sleeping guest does not see the button: measured, and in KubeVirt the whole grace period is lost. */
async function wake(live: LiveInstance): Promise<void> {
  const sight = live.sight();
  const state = sight.kind === 'live' ? sight.runState : undefined;
  if (state === 'suspended') await live.execute('system_wakeup');
  else if (state !== undefined && PAUSED_STATES.has(state)) await live.execute('cont');
}
