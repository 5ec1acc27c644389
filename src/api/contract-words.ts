/**
 * What a VM object says in plain words: shared by the tables of the socket and those of the command line. Pure.
 */
import { formatProblem } from '../core/model/problem.ts';
import { formatAge, formatUntil } from '../core/words/age.ts';
import { verdictWords } from '../core/words/verdict-words.ts';
import type { VmObject } from './contract.ts';
import type { RunView } from './contract-runs.ts';

export interface DeclaredStrategy {
  readonly field: 'runStrategy' | 'running';
  /** As the file writes it: a strategy, or `true` / `false`. */
  readonly written: string;
  /** As a strategy: `running: true` is Always, `running: false` Halted (KubeVirt `types.go`). */
  readonly strategy: string;
}

/** What the VM's file asks for; undefined when it says nothing that can be understood. */
export function declaredStrategy(vm: VmObject): DeclaredStrategy | undefined {
  const { runStrategy, running } = vm.spec;
  if (typeof runStrategy === 'string')
    return { field: 'runStrategy', written: runStrategy, strategy: runStrategy };
  if (typeof running !== 'boolean') return undefined;
  return { field: 'running', written: `${running}`, strategy: running ? 'Always' : 'Halted' };
}

export function strategyCell(vm: VmObject): string {
  return declaredStrategy(vm)?.strategy ?? vm.status.runStrategy ?? '-';
}

/** `guest shut down 5m ago`. */
export function lastEndWords(run: RunView, now: number): string {
  const at = parseTime(run.endedAt);
  return `${verdictWords(run.verdict)} ${at === undefined ? '-' : `${formatAge(now - at)} ago`}`;
}

/** The last verdict in plain words, the next try of a crash loop, or what is wrong with an invalid file. */
export function lastEndCell(vm: VmObject, now: number): string {
  const { printableStatus, runHistory } = vm.status;
  if (printableStatus === 'Invalid') return firstProblem(vm) ?? '-';
  const [last] = runHistory;
  const ended = last === undefined ? '-' : lastEndWords(last, now);
  const retry = nextTry(vm, now);
  if (retry !== undefined) return `${ended}, next try ${retry}`;
  const held = heldWords(vm, now);
  if (held === undefined) return ended;
  return last === undefined ? held : `${ended}, ${held}`;
}

/** `waiting for db to run`, `starts in 12s`: what keeps a start or a stop that is due. */
export function heldWords(vm: VmObject, now: number): string | undefined {
  const { held } = vm.status;
  if (held === undefined) return undefined;
  const until = parseTime(held.until);
  return until === undefined ? held.message : `starts ${formatUntil(until, now)}`;
}

/** `in 42s`, while a VM waits for its next start. */
export function nextTry(vm: VmObject, now: number): string | undefined {
  if (vm.status.printableStatus !== 'CrashLoopBackOff') return undefined;
  const at = parseTime(vm.status.startFailure?.retryAfterTimestamp);
  return at === undefined ? undefined : formatUntil(at, now);
}

/** Longest problem that is shown in a table. */
const MAX_PROBLEM = 90;

function firstProblem(vm: VmObject): string | undefined {
  const problems = vm.status.problems ?? [];
  const problem = problems.find(({ severity }) => severity === 'error') ?? problems[0];
  if (problem === undefined) return undefined;
  const text = formatProblem(baseName(vm.status.file ?? '-'), problem);
  return text.length > MAX_PROBLEM ? `${text.slice(0, MAX_PROBLEM - 1)}…` : text;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Unix milliseconds of an RFC 3339 time; undefined when absent, malformed, or the epoch, which stands for "never". */
export function parseTime(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || at === 0 ? undefined : at;
}
