/**
 * A TCP connection to a port of a guest behind user-mode networking, which the host reaches through forwards only. One is
 * made for the connection and removed as soon as QEMU has accepted it: what is connected stays connected. It listens on an
 * address of the loopback network that is drawn for it, so that a glance at QEMU's table tells its connections from others.
 */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseUsernet, type UsernetEntry } from '../core/usernet.ts';
import { NoLineError } from './line.ts';
import { openSocket } from './open-socket.ts';
import type { Execute } from './screenshot.ts';

/** Where in the guest. */
export interface GuestPort {
  /** QEMU's name of the network. */
  readonly netdev: string;
  readonly address: string;
  readonly port: number;
}

/** Addresses of temporary forwards begin so: 127.115.0.0/16 belongs to this host alone, like all of 127.0.0.0/8. */
const TEMPORARY = '127.115.';
/** For QEMU's main loop to accept a connection that is there. */
const ACCEPT_MS = 1000;
/** For the guest to answer. */
const ANSWER_MS = 5000;

/**
 * Resolves once the guest has accepted; nothing listens any more then.
 * @param signal ends the wait for the guest
 * @throws NoLineError; QmpError
 */
export async function openPortLine(
  execute: Execute,
  to: GuestPort,
  signal?: AbortSignal,
): Promise<Socket> {
  const address = `${TEMPORARY}${randomInt(256)}.${randomInt(1, 255)}`;
  // Port 0: the kernel chooses.
  const rule = `tcp:${address}:0-${to.address}:${to.port}`;
  const words = await monitor(execute, `hostfwd_add ${to.netdev} ${rule}`);
  if (words !== '') throw new NoLineError(`QEMU made no way to the guest: ${words}`);
  let socket: Socket | undefined;
  try {
    socket = await connectThrough(execute, to, address);
    await answered(execute, address, signal);
    return socket;
  } catch (error) {
    socket?.destroy();
    throw error;
  }
}

/** Removes the forwards that a daemon which is gone had made and not removed. @throws QmpError */
export async function removeTemporaryForwards(execute: Execute, netdev: string): Promise<void> {
  for (const { sourceAddress, sourcePort } of await listening(execute, TEMPORARY))
    await monitor(execute, `hostfwd_remove ${netdev} tcp:${sourceAddress}:${sourcePort}`);
}

async function connectThrough(
  execute: Execute,
  { netdev }: GuestPort,
  address: string,
): Promise<Socket> {
  const [forward] = await listening(execute, address);
  if (forward === undefined) throw new NoLineError('QEMU made no way to the guest');
  try {
    const socket = await openSocket({ host: address, port: forward.sourcePort });
    await accepted(execute, address).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
    return socket;
  } finally {
    await monitor(execute, `hostfwd_remove ${netdev} tcp:${address}:${forward.sourcePort}`);
  }
}

/** Until QEMU has the connection, removing the forward would cut it. */
async function accepted(execute: Execute, address: string): Promise<void> {
  const count = await until(ACCEPT_MS, async () => {
    const { length } = await connections(execute, address);
    return length === 0 ? undefined : length;
  });
  if (count === undefined) throw new NoLineError(REFUSED);
  // For the moment that the forward is there, other users of this host could use it.
  if (count > 1)
    throw new NoLineError('somebody else connected to the way that was being made; try again');
}

async function answered(
  execute: Execute,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const state = await until(ANSWER_MS, async () => {
    signal?.throwIfAborted();
    const [connection] = await connections(execute, address);
    if (connection === undefined) throw new NoLineError(REFUSED);
    return connection.state === 'SYN_SENT' ? undefined : connection.state;
  });
  if (state === undefined)
    throw new NoLineError(
      `the guest did not answer within ${ANSWER_MS / 1000} s: is its network up, and its address the one that DHCP gave it?`,
    );
}

const REFUSED = 'the guest refused the connection: nothing listens on that port';

/** Asks again, less and less often. */
async function until<T>(
  limitMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = performance.now() + limitMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(2 * pauseMs, 200)) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadline) return answer;
    await sleep(pauseMs);
  }
}

/** Forwards to be connected to. */
async function listening(execute: Execute, prefix: string): Promise<readonly UsernetEntry[]> {
  return (await table(execute, prefix)).filter(({ state }) => state === 'HOST_FORWARD');
}

async function connections(execute: Execute, address: string): Promise<readonly UsernetEntry[]> {
  return (await table(execute, address)).filter(({ state }) => state !== 'HOST_FORWARD');
}

async function table(execute: Execute, prefix: string): Promise<readonly UsernetEntry[]> {
  const entries = parseUsernet(await monitor(execute, 'info usernet'));
  return entries.filter((e) => e.protocol === 'TCP' && e.sourceAddress.startsWith(prefix));
}

/** These commands exist for people only (HMP), and answer with words. */
async function monitor(execute: Execute, line: string): Promise<string> {
  const answer = await execute('human-monitor-command', { 'command-line': line });
  return typeof answer === 'string' ? answer.trim() : '';
}
