/**
 * The verbs that only look: their names, arguments and options.
 */
import { Argument, type Command, Option } from 'commander';
import type { CliContext } from './context.ts';
import type { DataFormat, ListFormat } from './format/output.ts';
import { parseVmName } from './names.ts';
import { addTarget, outputOption, readCount, socketOption } from './options.ts';
import { clientOf, namespaceOf, scopeOf } from './settings.ts';
import type { Shell } from './verbs/completion.ts';

interface ListFlags {
  readonly output?: ListFormat;
  readonly watch?: true;
}
interface LogsFlags {
  readonly qemu?: true;
  readonly follow?: true;
  readonly tail?: number;
  readonly run?: string;
}

export function addReadCommands(program: Command, context: CliContext): void {
  addList(program, context);
  addDescribe(program, context);
  addEvents(program, context);
  addLogs(program, context);
  addInfo(program, context);
  addValidate(program, context);
  addCompletion(program, context);
}

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

const ALL_NAMESPACES = ['-A, --all-namespaces', 'in all namespaces'] as const;

function addList(program: Command, context: CliContext): void {
  addTarget(program.command('list'))
    .description('list the VMs with their state and how they ended last')
    .option(...ALL_NAMESPACES)
    .option('-w, --watch', 'go on and show changes as they come, until Ctrl-C')
    .addOption(outputOption(['wide', 'json', 'yaml', 'name']))
    .action(async (flags: ListFlags, command: Command) => {
      const { list } = await import('./verbs/list.ts');
      await list(context, await clientOf(command, context), {
        ...flags,
        namespace: scopeOf(command),
      });
    });
}

function addDescribe(program: Command, context: CliContext): void {
  addTarget(program.command('describe'))
    .description('tell all about a VM: state and why, problems, last runs, events')
    .argument('<name...>', 'NAME or NAMESPACE/NAME')
    .addOption(outputOption(['json', 'yaml']))
    .action(async (names: string[], flags: { output?: DataFormat }, command: Command) => {
      const { describe } = await import('./verbs/describe.ts');
      const vms = names.map((name) => parseVmName(name, namespaceOf(command)));
      await describe(context, await clientOf(command, context), vms, flags);
    });
}

function addEvents(program: Command, context: CliContext): void {
  addTarget(program.command('events'))
    .description('show what happened, oldest first')
    .argument('[name]', 'only of this VM')
    .option(...ALL_NAMESPACES)
    .option('-w, --watch', 'go on and show events as they come, until Ctrl-C')
    .addOption(outputOption(['wide', 'json', 'yaml', 'name']))
    .action(async (name: string | undefined, flags: ListFlags, command: Command) => {
      const { events } = await import('./verbs/events.ts');
      const vm = name === undefined ? undefined : parseVmName(name, namespaceOf(command));
      const namespace = vm === undefined ? scopeOf(command) : vm.namespace;
      await events(context, await clientOf(command, context), { ...flags, namespace, vm });
    });
}

function addLogs(program: Command, context: CliContext): void {
  addTarget(program.command('logs'))
    .description("print a VM's serial console, or what its QEMU said")
    .argument('<name>', 'NAME or NAMESPACE/NAME')
    .option('--qemu', "QEMU's own messages instead of the console")
    .option('-f, --follow', 'go on as more comes, until Ctrl-C')
    .addOption(new Option('--tail <lines>', 'only the last lines').argParser(readCount))
    .option('--run <uid>', 'of an earlier run (uids: solovirt describe NAME -o json)')
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

function addValidate(program: Command, context: CliContext): void {
  program
    .command('validate')
    .description('check VM files without a daemon')
    .argument('<path...>', 'files, directories, or - for standard input')
    .action(async (paths: string[]) => {
      const { validate } = await import('./verbs/validate.ts');
      await validate(context, paths);
    });
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
