/**
 * The path of the API socket: makes sure that nobody serves it, clears away what a dead daemon left there, and
 * gives it its mode and group.
 */
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { errorMessage } from '../core/thrown.ts';
import { makeDirectory } from './make-directory.ts';

/** The socket cannot be served by this daemon. */
export class SocketInUseError extends Error {
  override readonly name = 'SocketInUseError';
}

const SOCKET_MODE = 0o660;
const ANSWER_MS = 2000;

/**
 * @throws SocketInUseError when another process answers there, or when the path is something else than a socket
 */
export async function claimSocketPath(path: string): Promise<void> {
  makeDirectory(dirname(path));
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new SocketInUseError(
      `${path} exists and is not a socket; remove it or use another --socket`,
    );
  if (await isServed(path))
    throw new SocketInUseError(
      `${path} is served by another process; stop that one (solovirt info names it) or use another --socket`,
    );
  unlinkSync(path);
}

/**
 * Mode 0660, and the group where it exists and may be given.
 * @returns a warning when the group could not be set
 */
export function openSocketToGroup(path: string, group: string): string | undefined {
  chmodSync(path, SOCKET_MODE);
  const gid = groupId(group);
  if (gid === undefined) return undefined;
  try {
    chownSync(path, -1, gid);
    return undefined;
  } catch (error) {
    return `the socket could not be given to group ${group}: ${errorMessage(error)}`;
  }
}

/** A hung daemon counts as serving: two daemons would be worse. */
function isServed(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  const answer = (served: boolean): void => {
    socket.destroy();
    resolve(served);
  };
  socket.setTimeout(ANSWER_MS, () => answer(true));
  socket.on('connect', () => answer(true));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
  });
  return promise;
}

/** The number of a group in group(5); undefined when it is not there. Groups of directory services are not looked up: the packaged one is local. */
export function groupId(group: string): number | undefined {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((l) => l.startsWith(`${group}:`));
    const gid = Number(line?.split(':')[2]);
    return line === undefined || !Number.isSafeInteger(gid) ? undefined : gid;
  } catch {
    return undefined;
  }
}
