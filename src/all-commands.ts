/**
 * Everything that can be typed after `solovirt`: the client's verbs, and those that may become a daemon.
 */
import type { Command } from 'commander';
import type { CliContext } from './cli/context.ts';
import { buildProgram } from './cli/program.ts';
import { addDaemonCommand } from './daemon-command.ts';
import { addDrainCommand } from './drain-command.ts';
import { addImagesCommand } from './images-command.ts';
import { addProxyCommand } from './proxy-command.ts';

export function allCommands(context: CliContext): Command {
  const program = buildProgram(context);
  addDaemonCommand(program, context);
  addDrainCommand(program, context);
  addProxyCommand(program, context);
  addImagesCommand(program, context);
  return program;
}
