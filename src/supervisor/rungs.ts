/**
 * Carries out one rung of the stop ladder. Nothing here is waited for: whether the guest obeyed shows in its end,
 * and the ladder's clock runs on if QEMU does not even answer.
 */
import type { Rung } from '../core/model/evidence.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import type { Context } from './context.ts';

const PAUSED_STATES = new Set(['paused', 'io-error', 'prelaunch', 'debug']);

export function takeRung(ctx: Pick<Context, 'log'>, live: LiveInstance, rung: Rung): void {
  carryOut(live, rung).catch((error: unknown) => {
    // A QEMU that quits rarely gets to answer; its end is what counts.
    ctx.log.debug({ uid: live.paths.uid, rung, error }, 'rung of the stop ladder got no answer');
  });
}

async function carryOut(live: LiveInstance, rung: Rung): Promise<void> {
  switch (rung) {
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
