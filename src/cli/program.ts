/**
 * The commands of the client and how a command line ends: the exit code. The verbs themselves are loaded
 * only when called, so that starting up stays cheap. The caller may add commands of its own before running.
 */
import { Command, CommanderError } from 'commander';
import { addActionCommands } from './action-commands.ts';
import { addConsoleCommands } from './console-commands.ts';
import type { CliContext } from './context.ts';
import { addCreateCommand } from './create-commands.ts';
import { EXIT, exitCodeOf, printError, SolovirtError } from './errors.ts';
import { addGuestCommands } from './guest-commands.ts';
import { addManifestCommands } from './manifest-commands.ts';
import { namespaceOption, socketOption, spellOutWait } from './options.ts';
import { addHostCommands, addReadCommands, addValidate } from './read-commands.ts';
import { addSchemaCommands } from './schema-commands.ts';
import { addStatsCommands } from './stats-commands.ts';
import { addUploadCommand } from './upload-command.ts';

const EPILOGUE = `
Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon.`;

/** All client commands. `daemon` is added by the program's entry. */
export function buildProgram(context: CliContext): Command {
  const program = new Command('solovirt')
    .description('KubeVirt virtual machines on this host')
    .version(context.version, '-V, --version')
    .addOption(namespaceOption())
    .addOption(socketOption())
    .addHelpText('after', EPILOGUE)
    // Options before a verb are the program's, those after it the verb's: `daemon --socket` stays its own.
    .enablePositionalOptions()
    .showHelpAfterError('Add --help for the usage.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    });
  program.commandsGroup('Look:');
  addReadCommands(program, context);
  addStatsCommands(program, context);
  program.commandsGroup('Act:');
  addActionCommands(program, context);
  program.commandsGroup('Reach the guest:');
  addConsoleCommands(program, context);
  addGuestCommands(program, context);
  program.commandsGroup('VM files:');
  addValidate(program, context);
  addCreateCommand(program, context);
  addUploadCommand(program, context);
  addManifestCommands(program, context);
  addSchemaCommands(program, context);
  program.commandsGroup('This host:');
  addHostCommands(program, context);
  program.helpCommand('help [command]', 'display help for a command');
  return program;
}

/**
 * Runs one command line (without interpreter and script) and returns the exit code. Errors for the user are
 * printed; anything else is a bug of ours and thrown.
 */
export async function runProgram(
  program: Command,
  args: readonly string[],
  context: CliContext,
): Promise<number> {
  try {
    await program.parseAsync(spellOutWait(args), { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (!(error instanceof SolovirtError)) throw error;
    printError(context, error);
    return exitCodeOf(error);
  }
}
