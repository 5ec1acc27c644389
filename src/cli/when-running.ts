/** Waits until there is a guest to be entered. */
import { vmsPath } from '../client/client.ts';
import { follow } from '../client/follow.ts';
import { isVm } from '../client/guards.ts';
import { CliError, InterruptedError } from './errors.ts';
import { formatAge } from './format/age.ts';
import type { GuestTarget } from './guest-target.ts';
import { displayName } from './names.ts';
import { getKnownVm } from './unknown-vm.ts';

/** @throws CliError when it takes longer than `limitMs`, or there is no such VM */
export async function whenRunning(
  { context, client, vm }: GuestTarget,
  limitMs: number,
): Promise<void> {
  await getKnownVm(client, vm);
  const limit = AbortSignal.timeout(limitMs);
  const source = {
    path: vmsPath(vm.namespace),
    query: { fieldSelector: `metadata.name=${vm.name}` },
    guard: isVm,
    signal: limit,
  };
  for await (const change of follow(context, client, source)) {
    const [found] = change.type === 'listed' ? change.list.items : [change.object];
    if (change.type !== 'deleted' && found?.status.instance?.runningAt !== undefined) return;
  }
  if (!limit.aborted) throw new InterruptedError(`no longer waiting for ${displayName(vm)}`);
  throw new CliError(`${displayName(vm)} does not run after ${formatAge(limitMs)}`, {
    hint: `\`solovirt describe ${displayName(vm)}\` shows why.`,
  });
}
