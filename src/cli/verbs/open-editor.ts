/** The user's editor on a file, as git and kubectl open it. */
import { spawn } from 'node:child_process';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';

/**
 * Waits until the editor is closed.
 * @throws CliError when it cannot be started or reports a failure
 */
export async function openEditor({ env }: CliContext, file: string): Promise<void> {
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  const { promise, resolve, reject } = Promise.withResolvers<number | string>();
  // Through a shell, because the variable may hold arguments.
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, file], { stdio: 'inherit' });
  child.once('error', reject);
  child.once('exit', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  const ended = await promise;
  if (ended === 0) return;
  throw new CliError(`the editor ${JSON.stringify(editor)} failed (${ended}); nothing was saved`, {
    hint: 'Set EDITOR to the editor that you use, for instance `export EDITOR=nano`.',
  });
}
