/**
 * The verbs that only look: their names, arguments and options.
 */
import { Argument, type Command, Option } from 'commander';
import type { CliContext } from './context.ts';
import type { DataFormat, ListFormat } from './format/output.ts';
import { parseVmName } from './names.ts';
import {
  addTarget,
  colorOption,
  outputOption,
  readCount,
  readDuration,
  readInstant,
  readWords,
  selectorOption,
  socketOption,
} from './options.ts';
import { clientOf, displayOf, namespaceOf, scopeOf } from './settings.ts';
import type { Shell } from './verbs/completion.ts';
import type { SortKey } from './verbs/list.ts';
import type { LogsFlags } from './verbs/logs.ts';

interface TableFlags {
  readonly output?: ListFormat;
  readonly watch?: true;
  /** False: without the line of titles. */
  readonly headers?: boolean;
}
interface ListFlags extends TableFlags {
  readonly selector?: string;
  readonly sortBy?: SortKey;
}
interface EventsFlags extends TableFlags {
  readonly follow?: true;
  readonly since?: number;
  readonly type?: 'Normal' | 'Warning';
  readonly reason?: readonly string[];
}
interface ValidateFlags {
  readonly host?: true;
  readonly output?: DataFormat;
}
interface RunsFlags extends TableFlags {
  readonly last?: number;
  readonly evidence?: string;
}

export function addReadCommands(program: Command, context: CliContext): void {
  addList(program, context);
  addDescribe(program, context);
  addRuns(program, context);
  addEvents(program, context);
  addLogs(program, context);
}

/** Those that are about the host and the shell. */
export function addHostCommands(program: Command, context: CliContext): void {
  addInfo(program, context);
  addCompletion(program, context);
}

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

const SORT_KEYS: readonly SortKey[] = ['name', 'status', 'age'];

const NO_HEADERS = ['--no-headers', 'without the line of titles'] as const;

const ALL_NAMESPACES = ['-A, --all-namespaces', 'in all namespaces'] as const;

function addList(program: Command, context: CliContext): void {
  addTarget(program.command('list'))
    .description('list the VMs with their state and how they ended last')
    .option(...ALL_NAMESPACES)
    .option('-w, --watch', 'go on and show changes as they come, until Ctrl-C')
    .addOption(selectorOption())
    .addOption(
      new Option('--sort-by <key>', 'by name, trouble first, or youngest first').choices(SORT_KEYS),
    )
    .addOption(outputOption(['wide', 'json', 'yaml', 'name']))
    .option(...NO_HEADERS)
    .addOption(colorOption())
    .action(async (flags: ListFlags, command: Command) => {
      const { list } = await import('./verbs/list.ts');
      await list(context, await clientOf(command, context), {
        ...flags,
        namespace: scopeOf(command),
        display: displayOf(command, context),
      });
    });
}

function addDescribe(program: Command, context: CliContext): void {
  addTarget(program.command('describe'))
    .description('tell all about a VM: state and why, problems, last runs, events')
    .argument('<name...>', 'NAME or NAMESPACE/NAME')
    .addOption(outputOption(['json', 'yaml']))
    .addOption(colorOption())
    .action(async (names: string[], flags: { output?: DataFormat }, command: Command) => {
      const { describe } = await import('./verbs/describe.ts');
      const vms = names.map((name) => parseVmName(name, namespaceOf(command)));
      const display = displayOf(command, context);
      await describe(context, await clientOf(command, context), vms, { ...flags, display });
    });
}

function addRuns(program: Command, context: CliContext): void {
  addTarget(program.command('runs'))
    .description('show how the runs of a VM ended, newest first')
    .argument('<name>', 'NAME or NAMESPACE/NAME')
    .addOption(new Option('--last <count>', 'only that many').argParser(readCount))
    .option('--evidence <uid>', 'all that is on record of that run; `last` is the newest')
    .addOption(outputOption(['wide', 'json', 'yaml', 'name']))
    .option(...NO_HEADERS)
    .addOption(colorOption())
    .action(async (name: string, flags: RunsFlags, command: Command) => {
      const { runs } = await import('./verbs/runs.ts');
      const vm = parseVmName(name, namespaceOf(command));
      const display = displayOf(command, context);
      await runs(context, await clientOf(command, context), vm, { ...flags, display });
    });
}

function addEvents(program: Command, context: CliContext): void {
  addTarget(program.command('events'))
    .description('show what happened, oldest first')
    .argument('[name]', 'only of this VM')
    .option(...ALL_NAMESPACES)
    .option('-w, --watch', 'go on and show events as they come, until Ctrl-C')
    .option('-f, --follow', 'the same as --watch')
    .addOption(
      new Option('--since <duration>', 'only of the last 10m, 2h or so').argParser(readDuration),
    )
    .addOption(new Option('--type <type>', 'only of this type').choices(['Normal', 'Warning']))
    .option('--reason <reasons>', 'only for these reasons, joined by commas', readWords)
    .addOption(outputOption(['wide', 'json', 'yaml', 'name']))
    .option(...NO_HEADERS)
    .addOption(colorOption())
    .action(async (name: string | undefined, flags: EventsFlags, command: Command) => {
      const { events } = await import('./verbs/events.ts');
      const vm = name === undefined ? undefined : parseVmName(name, namespaceOf(command));
      const namespace = vm === undefined ? scopeOf(command) : vm.namespace;
      await events(context, await clientOf(command, context), {
        ...flags,
        ...((flags.watch || flags.follow) && { watch: true }),
        namespace,
        vm,
        display: displayOf(command, context),
      });
    });
}

function addLogs(program: Command, context: CliContext): void {
  addTarget(program.command('logs'))
    .description("print a VM's serial console, or what its QEMU said")
    .argument('<name>', 'NAME or NAMESPACE/NAME')
    .option('--qemu', "QEMU's own messages instead of the console")
    .option('-f, --follow', 'go on as more comes, until Ctrl-C')
    .addOption(new Option('--tail <lines>', 'only the last lines').argParser(readCount))
    .option('-p, --previous', 'of the run before the current or last one')
    .option('--run <uid>', 'of an earlier run (uids: solovirt runs NAME)')
    .addOption(
      new Option(
        '--since <duration>',
        'only of the last 10m, 2h or so; a console has no times, so only whole runs of it',
      ).argParser(readDuration),
    )
    .addOption(
      new Option('--since-time <time>', 'the same, from 2026-11-22T10:00:00Z on').argParser(
        readInstant,
      ),
    )
    .action(async (name: string, flags: LogsFlags, command: Command) => {
      const { logs } = await import('./verbs/logs.ts');
      const vm = parseVmName(name, namespaceOf(command));
      await logs(context, await clientOf(command, context), vm, flags);
    });
}

function addInfo(program: Command, context: CliContext): void {
  program
    .command('info')
    .description('show the daemon, QEMU, the accelerator and the directories')
    .addOption(socketOption())
    .addOption(outputOption(['json', 'yaml']))
    .action(async (flags: { output?: DataFormat }, command: Command) => {
      const { info } = await import('./verbs/info.ts');
      await info(context, await clientOf(command, context), flags);
    });
}

export function addValidate(program: Command, context: CliContext): void {
  program
    .command('validate')
    .description('check VM files without a daemon')
    .argument('<path...>', 'files, directories, or - for standard input')
    .option(
      '--host',
      'ask the daemon as well: QEMU, KVM, memory, images, disks and ports of this host',
    )
    .addOption(socketOption())
    .addOption(outputOption(['json', 'yaml']))
    .action(async (paths: string[], { host, output }: ValidateFlags, command: Command) => {
      const { validate } = await import('./verbs/validate.ts');
      const check = host && (await hostCheck(command, context));
      await validate(context, paths, { ...(output && { output }), ...(check && { host: check }) });
    });
}

async function hostCheck(command: Command, context: CliContext) {
  const { createHostCheck } = await import('./host-check.ts');
  return createHostCheck(await clientOf(command, context));
}

function addCompletion(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('print what makes a shell complete the names of verbs, options and VMs')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completion } = await import('./verbs/completion.ts');
      await completion(context, program, shell);
    });
}
