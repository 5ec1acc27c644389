/**
 * Which socket to talk to: the option, then the environment, then the place where a daemon of this user puts it, and
 * where there is none the system's.
 */
import { existsSync } from 'node:fs';
import { defaultPaths } from '../core/config/default-paths.ts';
import { MAX_SOCKET_PATH_BYTES } from '../core/paths.ts';
import { SocketPathError } from './errors.ts';

/** Who asks: decides where the socket is looked for. */
export interface SocketUser {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the effective user is root. */
  readonly isRoot: boolean;
  /** The user's home directory. */
  readonly home: string;
}

/** @throws SocketPathError when the path is longer than a Unix socket address can be. */
export function socketPath(user: SocketUser, option: string | undefined): string {
  const fromEnvironment = user.env['SOLOVIRT_SOCKET'];
  const path = option ?? (fromEnvironment || usualPath(user));
  if (path === '') throw new SocketPathError('--socket needs a path');
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES)
    throw new SocketPathError(
      `the socket path has ${bytes} bytes, more than the ${MAX_SOCKET_PATH_BYTES} that a Unix socket can have: ${path}`,
    );
  return path;
}

function usualPath(user: SocketUser): string {
  const own = socketIn(user);
  const system = socketIn({ ...user, isRoot: true });
  return !existsSync(own) && existsSync(system) ? system : own;
}

function socketIn(user: Parameters<typeof defaultPaths>[0]): string {
  return `${defaultPaths(user).runtime}/solovirt.sock`;
}
