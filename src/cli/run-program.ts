/** Runs another program of this host on our own terminal. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';

/** Where a program is on the PATH; undefined when it is not installed. */
export function findProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return (env['PATH'] ?? '')
    .split(':')
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @returns its exit code, 128 and the number for a signal (as in a shell). @throws the system's error */
export function runAttached(program: string, args: readonly string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program, args, { stdio: 'inherit' });
  child.once('error', reject);
  child.once('exit', (code, signal) =>
    resolve(code ?? 128 + (signal === null ? 0 : os.signals[signal])),
  );
  return promise;
}
