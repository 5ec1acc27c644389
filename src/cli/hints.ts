/**
 * What a user can do after a refusal, told from the daemon's words and the state the VM is in. Pure.
 */
import type { VmObject } from '../api/contract.ts';
import type { InstanceVerb, VmVerb } from '../api/contract-options.ts';
import { identityOf, strategyCell } from './format/vm-words.ts';
import { displayName } from './names.ts';

/** What was refused; `reach`: whatever leads into the guest, or asks its agent. */
export type Refused = VmVerb | InstanceVerb | 'reach';

/** Refusals that say themselves what is in the way, whatever the verb. */
const BY_WORDS: readonly (readonly [words: RegExp, hint: (name: string) => string])[] = [
  [
    /draining/,
    () =>
      'The host is being drained: `solovirt info` says since when, `solovirt drain --cancel` ends it.',
  ],
  [/being deleted/, () => 'Its file was removed: put it back to keep the VM.'],
  [
    /does not answer its monitor/,
    (name) => `QEMU is busy or hangs: try again, or \`solovirt stop ${name} --force\` ends it.`,
  ],
  [/not running yet/, () => 'It is on its way: `solovirt list --watch` shows when it runs.'],
  [/being stopped/, (name) => `Once it is down, \`solovirt start ${name}\` starts it again.`],
  [/soft reboot is under way/, (name) => `To hurry: \`solovirt reset ${name}\`.`],
  [
    /ACPI feature/,
    (name) => `The guest cannot be asked: \`solovirt reset ${name}\` presses the reset button.`,
  ],
  [/file systems of the VMI are frozen/, (name) => `\`solovirt unfreeze ${name}\` thaws them.`],
  [
    /VMI does not have guest agent connected/,
    (name) => `Without an agent there are \`solovirt console ${name}\` and \`solovirt ssh\`.`,
  ],
  [
    /No serial consoles are present/,
    (name) =>
      `Its file says autoattachSerialConsole: false. Its display: \`solovirt screenshot ${name} FILE\`.`,
  ],
  [
    /No graphics devices are present/,
    (name) =>
      `Its file says autoattachGraphicsDevice: false. Its serial console: \`solovirt console ${name}\`.`,
  ],
  [
    /has no network interface/,
    (name) => `\`solovirt console ${name}\` needs none; \`solovirt edit ${name}\` adds one.`,
  ],
  [
    /nothing listens on that port/,
    (name) => `It may still be booting: \`solovirt logs ${name}\` shows how far it is.`,
  ],
  [/VNC session is in use/, () => 'Without --preserve-session it is taken over.'],
  [/gave it no socket/, (name) => `\`solovirt restart ${name}\` gives it one.`],
  [/has problems/, (name) => `\`solovirt describe ${name}\` shows them.`],
  [/file cannot be read/, () => '`solovirt info` tells what is wrong with the VM files.'],
  [/could not be written/, () => 'Nothing was changed: once it can be written, try again.'],
];

/** Undefined when the daemon's own words say it all. */
export function refusalHint(verb: Refused, vm: VmObject, words: string): string | undefined {
  const name = displayName(identityOf(vm));
  const told = BY_WORDS.find(([pattern]) => pattern.test(words));
  if (told !== undefined) return told[1](name);
  if (vm.status.printableStatus === 'Invalid')
    return `Its file has errors: \`solovirt describe ${name}\` shows them.`;
  switch (verb) {
    case 'start':
      return startHint(vm, name);
    case 'stop':
      return stopHint(vm, name);
    case 'restart':
      return restartHint(vm, name);
    case 'pause':
    case 'unpause':
    case 'reset':
    case 'softreboot':
    case 'reach':
      return instanceHint(verb, vm, name);
  }
}

function startHint(vm: VmObject, name: string): string | undefined {
  switch (vm.status.printableStatus) {
    case 'Running':
    case 'Starting':
      return `Nothing to do. For a new instance: \`solovirt restart ${name}\`.`;
    case 'Paused':
      return `It is paused: \`solovirt unpause ${name}\` lets it go on.`;
    case 'Stopping':
      return 'A start is queued already: it begins once the stop is over.';
    default:
      return undefined;
  }
}

function stopHint(vm: VmObject, name: string): string | undefined {
  const { instance, printableStatus } = vm.status;
  if (instance === undefined) return `Nothing to do: it is ${printableStatus}.`;
  if (instance.stop !== undefined)
    return `It is stopping already. To hurry: \`solovirt stop ${name} --grace-period 5\`, or \`--force\`.`;
  return undefined;
}

function restartHint(vm: VmObject, name: string): string | undefined {
  const strategy = strategyCell(vm);
  if (strategy === 'Halted') return `\`solovirt start ${name}\` starts it.`;
  if (strategy === 'Once')
    return `A Once VM runs a single time. \`runStrategy: Manual\` in ${vm.status.file ?? 'its file'} lets it be restarted.`;
  return vm.status.instance === undefined ? `\`solovirt start ${name}\` starts it.` : undefined;
}

function instanceHint(
  verb: InstanceVerb | 'reach',
  vm: VmObject,
  name: string,
): string | undefined {
  const { printableStatus } = vm.status;
  if (vm.status.instance === undefined) {
    const paused = verb === 'pause' ? ' --paused' : '';
    return `It is ${printableStatus}: \`solovirt start ${name}${paused}\` starts it.`;
  }
  if (verb === 'pause' && printableStatus === 'Paused') return 'Nothing to do: it is paused.';
  if (verb === 'unpause' && printableStatus === 'Running') return 'Nothing to do: it runs.';
  if (printableStatus === 'Paused') return `It is paused: \`solovirt unpause ${name}\` first.`;
  return undefined;
}
