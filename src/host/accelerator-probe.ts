/**
 * Runs the throwaway guest under KVM, and at the same time under TCG as a control: if neither gets through
 * in time, the host is slow and nothing is known about KVM. Both have ended when the answer is given.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { errorMessage } from '../core/thrown.ts';
import { PROBE_EXIT_CODE, probeBios } from './accelerator-bios.ts';

/** Above this, a killed QEMU that is still there is given up: it hangs in the kernel. */
const REAP_DEADLINE_MS = 2000;
const MAX_WORDS = 300;

export interface ProbeResult {
  readonly usable: boolean;
  /** In plain words, how it is known. */
  readonly reason: string;
  /** Whether another try in this boot would give the same. */
  readonly conclusive: boolean;
}

type Run =
  | { readonly kind: 'executed' }
  | { readonly kind: 'hung' }
  /** `refused`: QEMU said no before the guest began. */
  | { readonly kind: 'ended'; readonly words: string; readonly refused: boolean };

/** Takes `timeoutMs` at most, and a moment for the killed QEMUs to be gone. */
export async function probeKvm(qemuPath: string, timeoutMs: number): Promise<ProbeResult> {
  try {
    return await probeIn(await mkdtemp(join(tmpdir(), 'solovirt-probe-')), qemuPath, timeoutMs);
  } catch (error) {
    return {
      usable: false,
      reason: `KVM could not be tested: ${errorMessage(error)}`,
      conclusive: false,
    };
  }
}

async function probeIn(dir: string, qemuPath: string, timeoutMs: number): Promise<ProbeResult> {
  const bios = join(dir, 'bios');
  const control = new AbortController();
  const options = { qemuPath, bios, timeoutMs, cwd: dir };
  try {
    await writeFile(bios, probeBios());
    const underTcg = runProbe({ ...options, accelerator: 'tcg', signal: control.signal });
    const kvm = await runProbe({ ...options, accelerator: 'kvm' });
    if (kvm.kind === 'executed') control.abort();
    return judge(kvm, await underTcg, timeoutMs);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function judge(kvm: Run, tcg: Run, timeoutMs: number): ProbeResult {
  const controlled = tcg.kind === 'executed';
  switch (kvm.kind) {
    case 'executed':
      return { usable: true, reason: 'a test guest ran under KVM', conclusive: true };
    case 'hung':
      return {
        usable: false,
        reason: controlled
          ? `a test guest hung under KVM: it was not done in ${timeoutMs} ms, but under TCG it was`
          : `a test guest was done in ${timeoutMs} ms neither under KVM nor under TCG, so KVM is not proved`,
        conclusive: controlled,
      };
    case 'ended':
      return {
        usable: false,
        reason: `a test guest could not run under KVM: ${kvm.words}`,
        conclusive: controlled && !kvm.refused,
      };
  }
}

interface RunOptions {
  readonly qemuPath: string;
  readonly bios: string;
  readonly accelerator: 'kvm' | 'tcg';
  readonly timeoutMs: number;
  /** Where a core file would go. */
  readonly cwd: string;
  readonly signal?: AbortSignal;
}

async function runProbe(options: RunOptions): Promise<Run> {
  const { qemuPath, timeoutMs, cwd, signal } = options;
  const qemu = execa(qemuPath, probeArgs(options), {
    cwd,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const settled = new AbortController();
  const givenUp = delay(timeoutMs + REAP_DEADLINE_MS, undefined, { signal: settled.signal });
  const outcome = await Promise.race([qemu, givenUp.catch(() => undefined)]);
  settled.abort();
  return outcome === undefined ? { kind: 'hung' } : classify(outcome);
}

/** The CPU is the one that guests get, for a CPU that KVM cannot set up is a reason not to use it. */
function probeArgs({ accelerator, bios }: RunOptions): readonly string[] {
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'pc', '-m', '1M'],
    ...['-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max'],
    ...['-bios', bios, '-device', '{"driver":"isa-debug-exit","iobase":1281,"iosize":2}'],
  ];
}

/** What counts of execa's result. */
interface Ending {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly timedOut: boolean;
  readonly stderr: string;
  readonly shortMessage?: string | undefined;
}

function classify(result: Ending): Run {
  if (result.exitCode === PROBE_EXIT_CODE) return { kind: 'executed' };
  if (result.timedOut) return { kind: 'hung' };
  const how =
    result.signal === undefined
      ? `QEMU ended with exit code ${result.exitCode ?? 'unknown'}`
      : `QEMU ended with ${result.signal}`;
  const said = result.stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
  const spawnFailure = result.exitCode === undefined && result.signal === undefined;
  const words = spawnFailure ? (result.shortMessage ?? how) : `${how}: ${said}`;
  return {
    kind: 'ended',
    words: words.slice(0, MAX_WORDS),
    refused: spawnFailure || result.exitCode === 1,
  };
}
