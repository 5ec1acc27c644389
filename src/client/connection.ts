/**
 * From what a script says of its daemon to calls on it.
 */
import { readonlySocketBeside } from '../core/paths.ts';
import { type Client, createClient } from './client.ts';
import { homeOrRoot } from './home.ts';
import type { ClientLimits, ClientSettings } from './settings.ts';
import { socketPath } from './socket-path.ts';

export interface ConnectOptions extends Partial<ClientLimits> {
  /** Path of the socket; SOLOVIRT_SOCKET or the usual place unless given. */
  readonly socket?: string;
  /** Ends every call and watch of this client. */
  readonly signal?: AbortSignal;
}

export interface Connection {
  readonly client: Client;
  readonly settings: ClientSettings;
  readonly socketPath: string;
}

/** Connects to nothing yet. @throws SocketPathError */
export function connectionTo(options: ConnectOptions): Connection {
  const { socket, signal = new AbortController().signal, ...limits } = options;
  const settings: ClientSettings = { signal, limits };
  const user = {
    // biome-ignore lint/style/noProcessEnv: a script is told by its environment, as the command line is
    env: process.env,
    isRoot: process.geteuid?.() === 0,
    home: homeOrRoot(),
  };
  const path = socketPath(user, socket);
  // Who names a socket means that one.
  const readonlyPath = socket === undefined ? readonlySocketBeside(path) : undefined;
  return { client: createClient(settings, path, readonlyPath), settings, socketPath: path };
}
