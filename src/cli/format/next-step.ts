/**
 * What a person can do about the state a VM is in: the line "Next step" of `solovirt describe`. Pure.
 */
import type { VmObject } from '../../api/contract.ts';
import type { RunView } from '../../api/contract-runs.ts';
import type { VerdictReason } from '../../core/model/verdict.ts';
import { displayName } from '../names.ts';
import { identityOf, strategyCell } from './vm-words.ts';

/** One sentence; undefined when all is as it should be. */
export function nextStep(vm: VmObject): string | undefined {
  const name = displayName(identityOf(vm));
  return atFile(vm) ?? inState(vm, name);
}

function atFile({ status }: VmObject): string | undefined {
  const error = status.problems?.find(({ severity }) => severity === 'error');
  if (error === undefined) return undefined;
  return `correct ${status.file ?? 'its file'}:${error.line}:${error.column} and save it (see Problems)`;
}

function inState(vm: VmObject, name: string): string | undefined {
  const { status } = vm;
  const [last] = status.runHistory;
  const failed = last?.verdict.outcome === 'Failed' ? advice(last, name) : undefined;
  switch (status.printableStatus) {
    case 'Running':
      return whileRunning(vm, name);
    case 'Paused':
      return `\`solovirt unpause ${name}\` lets it go on`;
    case 'Stopping':
      return `\`solovirt stop ${name} --force\` ends it at once`;
    case 'Terminating':
      return 'put its file back to keep the VM';
    case 'CrashLoopBackOff':
      return join(failed, `\`solovirt start ${name}\` tries at once`);
    case 'Stopped':
      return join(failed, status.held === undefined ? startWords(vm, name) : undefined);
    case 'Invalid':
    case 'Starting':
    case 'Provisioning':
      return undefined;
    case 'ErrImagePull':
    case 'ImagePullBackOff':
      return `mend what is named above, and \`solovirt start ${name}\` tries at once; it is tried again by itself`;
    case 'DataVolumeError':
      return 'correct its dataVolumeTemplates, or wait: it is tried again by itself';
  }
}

function whileRunning(vm: VmObject, name: string): string | undefined {
  if (isTrue(vm, 'MonitorUnresponsive'))
    return `its QEMU is busy or hangs: wait, or \`solovirt stop ${name} --force\` ends it`;
  if (vm.status.instance?.frozen !== undefined)
    return `\`solovirt unfreeze ${name}\` thaws its file systems`;
  if (isTrue(vm, 'RebootLoop')) return `\`solovirt logs ${name}\` may show why its guest reboots`;
  return isTrue(vm, 'RestartRequired')
    ? `\`solovirt restart ${name}\` makes the changes of its file take effect`
    : undefined;
}

function startWords(vm: VmObject, name: string): string {
  const writes = strategyCell(vm) === 'Halted' ? ' and writes runStrategy: Always' : '';
  return `\`solovirt start ${name}\` starts it${writes}`;
}

function join(...parts: readonly (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? undefined : said.join('; ');
}

function isTrue({ status }: VmObject, type: string): boolean {
  return status.conditions.some((c) => c.type === type && c.status === 'True');
}

const READ_CONSOLE = (name: string): string =>
  `read what it said last: below, or \`solovirt logs ${name}\``;
const READ_QEMU = (name: string): string =>
  `read what QEMU said: below, or \`solovirt logs ${name} --qemu\``;
const FIND_OUT_WHO = (): string =>
  'find out who did it: `journalctl` of that moment, other programs that manage QEMU';

const ADVICE: Readonly<Record<VerdictReason, ((name: string) => string) | undefined>> = {
  LaunchFailed: () => 'mend what the verdict below names, in the file or on the host',
  GuestPanicked: READ_CONSOLE,
  WatchdogExpired: READ_CONSOLE,
  GracePeriodExpired: (name) =>
    `give it more time (terminationGracePeriodSeconds), or see why it did not shut down: \`solovirt logs ${name}\``,
  OutOfMemory: () =>
    'raise its limit (solovirt.io/memory-max, resources.limits), or give the host more memory',
  TerminatedFromOutside: FIND_OUT_WHO,
  KilledFromOutside: FIND_OUT_WHO,
  LivenessProbeFailed: READ_CONSOLE,
  SandboxViolation: READ_QEMU,
  QemuCrashed: READ_QEMU,
  QemuExited: READ_QEMU,
  Unknown: READ_QEMU,
  HostLost: undefined,
  HostShutdown: undefined,
  GuestShutdown: undefined,
  StoppedByCommand: undefined,
  StoppedByFile: undefined,
  GuestReboot: undefined,
  ForcedOff: undefined,
};

/** A reason that this client does not know (a newer daemon) has no advice. */
function advice({ verdict }: RunView, name: string): string | undefined {
  return Object.hasOwn(ADVICE, verdict.reason) ? ADVICE[verdict.reason]?.(name) : undefined;
}
