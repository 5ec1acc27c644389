/**
 * Which socket to talk to: the option, then the environment, then the place where a daemon of this user puts it, and
 * where there is none the system's.
 */
import { existsSync } from 'node:fs';
import { defaultPaths } from '../../core/config/default-paths.ts';
import { MAX_SOCKET_PATH_BYTES } from '../../core/paths.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../errors.ts';

/** @throws UsageError when the path is longer than a Unix socket address can be. */
export function socketPath(
  context: Pick<CliContext, 'env' | 'isRoot' | 'home'>,
  option: string | undefined,
): string {
  const fromEnvironment = context.env['SOLOVIRT_SOCKET'];
  const path = option ?? (fromEnvironment || usualPath(context));
  if (path === '') throw new UsageError('--socket needs a path');
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES)
    throw new UsageError(
      `the socket path has ${bytes} bytes, more than the ${MAX_SOCKET_PATH_BYTES} that a Unix socket can have: ${path}`,
    );
  return path;
}

function usualPath(context: Pick<CliContext, 'env' | 'isRoot' | 'home'>): string {
  const own = socketIn(context);
  const system = socketIn({ ...context, isRoot: true });
  return !existsSync(own) && existsSync(system) ? system : own;
}

function socketIn(user: Parameters<typeof defaultPaths>[0]): string {
  return `${defaultPaths(user).runtime}/solovirt.sock`;
}
