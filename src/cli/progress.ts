/**
 * How far a start, stop or restart has come, told from the VM object alone. Pure.
 */
import type { VmObject } from '../api/contract.ts';
import type { RunView } from '../api/contract-runs.ts';
import { formatElapsed, parseTime } from './format/age.ts';
import { verdictWords } from './format/verdict-words.ts';
import { identityOf, isUnready } from './format/vm-words.ts';
import { displayName } from './names.ts';

/** What was there when the command was given: everything else is its consequence. */
export interface Before {
  readonly instanceUid?: string;
  readonly runs: ReadonlySet<string>;
}

export type Progress =
  | { readonly state: 'pending' }
  | { readonly state: 'done'; readonly message: string }
  | { readonly state: 'failed'; readonly message: string; readonly run?: RunView };

/** `vm` is undefined when the VM exists no more; `elapsedMs` counts from the command. */
export type Judge = (before: Before, vm: VmObject | undefined, elapsedMs: number) => Progress;

const PENDING: Progress = { state: 'pending' };

export function stateBefore(vm: VmObject): Before {
  const { instance, runHistory } = vm.status;
  return {
    ...(instance && { instanceUid: instance.uid }),
    runs: new Set(runHistory.map((run) => run.uid)),
  };
}

/** start and restart: done when an instance that was not there before runs, and is ready. */
export const judgeUp: Judge = (before, vm, elapsedMs) => {
  if (vm === undefined) return { state: 'failed', message: 'the VM is gone: its file was removed' };
  const isNew = (uid: string): boolean => uid !== before.instanceUid && !before.runs.has(uid);
  const name = displayName(identityOf(vm));
  const ended = vm.status.runHistory.findLast((run) => isNew(run.uid));
  if (ended !== undefined) return judgeEnded(name, ended);
  const { instance, printableStatus } = vm.status;
  if (instance === undefined || !isNew(instance.uid) || instance.phase !== 'Running')
    return PENDING;
  // What its readiness probe is there to tell.
  if (isUnready(vm)) return PENDING;
  const how = printableStatus === 'Paused' ? 'is up and paused' : 'is running';
  return { state: 'done', message: `${name} ${how} after ${formatElapsed(elapsedMs)}` };
};

/** The new instance has ended already. It did come up if it ever ran. */
function judgeEnded(name: string, run: RunView): Progress {
  const from = parseTime(run.runningAt);
  const words = verdictWords(run.verdict);
  if (from === undefined)
    return { state: 'failed', message: `${name} did not start: ${words}`, run };
  const ran = formatElapsed((parseTime(run.endedAt) ?? from) - from);
  return run.verdict.outcome === 'Succeeded'
    ? { state: 'done', message: `${name} ran for ${ran} and ended: ${words}` }
    : { state: 'failed', message: `${name} ran for ${ran} and failed: ${words}`, run };
}

/** stop: done when the instance that was there has ended, however it did. */
export const judgeDown: Judge = (before, vm, elapsedMs) => {
  if (vm === undefined) return { state: 'done', message: 'stopped; the VM is gone' };
  const name = displayName(identityOf(vm));
  const { instance, runHistory } = vm.status;
  if (before.instanceUid === undefined)
    return instance === undefined ? { state: 'done', message: `${name} is stopped` } : PENDING;
  if (instance?.uid === before.instanceUid) return PENDING;
  const run = runHistory.find(({ uid }) => uid === before.instanceUid);
  const words = run === undefined ? '' : `: ${verdictWords(run.verdict)}`;
  const after = `after ${formatElapsed(elapsedMs)}`;
  return { state: 'done', message: `${name} stopped${words} ${after}` };
};
