/** The token of a proxy: new at each start, or kept in a file for programs that are configured once. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { CliError } from '../cli/errors.ts';
import { errorCode, errorMessage } from '../core/thrown.ts';

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The token in the file, which is made when it is not there.
 * @throws CliError when it cannot be used, or others may read it
 */
export function tokenFrom(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (!/^[\w.~+/=-]{16,1024}$/.test(text))
      throw new CliError(`${path} holds no token: one is 16 characters or more, without blanks`, {
        hint: `Remove the file, and one with a new token is made in its place.`,
      });
    if ((statSync(path).mode & 0o077) !== 0)
      throw new CliError(`others may read or change the token in ${path}`, {
        hint: `\`chmod 600 ${path}\`, and a new token if somebody has read this one.`,
      });
    return text;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw explained(path, error);
  }
  const token = newToken();
  try {
    writeFileSync(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw explained(path, error);
  }
  return token;
}

function explained(path: string, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const words = errorMessage(error);
  return new CliError(`the token file ${path} cannot be used: ${words}`, { cause: error });
}
