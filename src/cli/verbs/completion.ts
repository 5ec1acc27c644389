/**
 * `solovirt completion`.
 */
import type { Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { commandTree } from '../completion/command-tree.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';

const GENERATORS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export type Shell = keyof typeof GENERATORS;

export function completion(context: CliContext, program: Command, shell: Shell): Promise<void> {
  return writeOut(context, GENERATORS[shell](commandTree(program)));
}
