/**
 * The verbs about the inside of a guest, which its agent answers: their names, arguments and options.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../core/manifest/duration.ts';
import type { CliContext } from './context.ts';
import type { DataFormat } from './format/output.ts';
import { parseVmName } from './names.ts';
import { addTarget, outputOption } from './options.ts';
import { clientOf, displayOf, namespaceOf } from './settings.ts';
import type { GuestPage } from './verbs/guest.ts';

/** A guest writes out everything before it freezes; the daemon gives it half a minute. */
const FREEZE_PATIENCE_MS = 45_000;
/** As `virtctl`'s. */
const DEFAULT_UNFREEZE_MS = 300_000;

interface FreezeFlags {
  readonly unfreezeTimeout: number;
  readonly dryRun?: true;
}

export function addGuestCommands(program: Command, context: CliContext): void {
  addLook(program, context, 'guest', 'show what the agent in a guest tells of it').alias(
    'guestosinfo',
  );
  addLook(program, context, 'userlist', 'show who is logged in in a guest');
  addLook(program, context, 'fslist', "show a guest's file systems");
  addFreeze(program, context);
  addUnfreeze(program, context);
}

function addLook(
  program: Command,
  context: CliContext,
  page: GuestPage,
  description: string,
): Command {
  return addTarget(program.command(page))
    .description(`${description} (needs qemu-guest-agent in the guest)`)
    .argument('<name>', 'NAME or NAMESPACE/NAME')
    .addOption(outputOption(['json', 'yaml']))
    .action(async (name: string, flags: { output?: DataFormat }, command: Command) => {
      const { guest } = await import('./verbs/guest.ts');
      const vm = parseVmName(name, namespaceOf(command));
      const display = displayOf(command, context);
      await guest(context, await clientOf(command, context), vm, { ...flags, page, display });
    });
}

function addFreeze(program: Command, context: CliContext): void {
  addTarget(program.command('freeze'))
    .description('bring the file systems of guests to rest, so that their disks can be copied')
    .argument('<name...>', 'NAME or NAMESPACE/NAME')
    .addOption(
      new Option(
        '--unfreeze-timeout <duration>',
        'thaw them after this time, whatever happens; 0 for never',
      )
        .argParser(readTimeout)
        .default(DEFAULT_UNFREEZE_MS, '5m'),
    )
    .option('--dry-run', 'only say what would happen')
    .action(async (names: string[], flags: FreezeFlags, command: Command) => {
      const { freeze } = await import('./verbs/freeze.ts');
      const vms = names.map((name) => parseVmName(name, namespaceOf(command)));
      const patient = { ...context, limits: { requestMs: FREEZE_PATIENCE_MS, ...context.limits } };
      await freeze(context, await clientOf(command, patient), vms, flags);
    });
}

/** Milliseconds; 0 for never. */
function readTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError(
    'A duration is, for instance, 30s, 5m or 1h30m; 0 stands for never.',
  );
}

function addUnfreeze(program: Command, context: CliContext): void {
  addTarget(program.command('unfreeze'))
    .description('let the file systems of frozen guests go on')
    .argument('<name...>', 'NAME or NAMESPACE/NAME')
    .option('--dry-run', 'only say what would happen')
    .action(async (names: string[], flags: { dryRun?: true }, command: Command) => {
      const { unfreeze } = await import('./verbs/freeze.ts');
      const vms = names.map((name) => parseVmName(name, namespaceOf(command)));
      const patient = { ...context, limits: { requestMs: FREEZE_PATIENCE_MS, ...context.limits } };
      await unfreeze(context, await clientOf(command, patient), vms, flags);
    });
}
