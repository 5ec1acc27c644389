/** Builders of what decisions look at. */
import type { LastRun } from '../../../../src/core/model/record.ts';
import type { RunStrategy } from '../../../../src/core/model/virtual-machine.ts';
import type { InstanceView, Situation } from '../../../../src/core/strategy/situation.ts';
import { instanceRecord, NOW, virtualMachine, vmRecord } from '../../../support/build.ts';

export const RUNNING = {
  kind: 'live',
  monitor: true,
  runState: 'running',
  resumed: true,
  agent: false,
} as const satisfies InstanceView;

export function down(strategy: RunStrategy, lastRun: LastRun, change: object = {}): Situation {
  const record = vmRecord(strategy, { lastRun, ...change });
  return { vm: virtualMachine(strategy), removed: false, record, instance: undefined, now: NOW };
}

export function live(
  strategy: RunStrategy,
  instance: Parameters<typeof instanceRecord>[0] = {},
  seen: InstanceView = RUNNING,
): Situation {
  const record = vmRecord(strategy, { instance: instanceRecord(instance) });
  return { vm: virtualMachine(strategy), removed: false, record, instance: seen, now: NOW };
}

export const seenAs = (runState: string, resumed = true): InstanceView => ({
  kind: 'live',
  monitor: true,
  runState,
  resumed,
  agent: false,
});
