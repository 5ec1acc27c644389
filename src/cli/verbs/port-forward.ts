/** `solovirt port-forward`: ports of this host that lead into a guest, one line for each connection. */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { portForwardPath } from '../../api/contract-lines.ts';
import { lineFailure } from '../../client/line.ts';
import { printError, SolovirtError, UsageError } from '../errors.ts';
import { enter, type GuestTarget } from '../guest-target.ts';
import { ANSWER_MS, join, type Listening, listenTcp } from '../loopback.ts';
import { displayName } from '../names.ts';
import { getKnownVm } from '../unknown-vm.ts';

export interface PortForwardFlags {
  readonly address: string;
  readonly stdio?: true;
}

export interface PortPair {
  /** 0: any that is free. */
  readonly local: number;
  readonly remote: number;
}

export async function portForward(
  target: GuestTarget,
  ports: readonly string[],
  { address, stdio }: PortForwardFlags,
): Promise<void> {
  const pairs = ports.map(readPair);
  if (stdio) {
    const [pair] = pairs;
    if (pair === undefined || pairs.length > 1)
      throw new UsageError('--stdio connects one port', { hint: 'Give REMOTE alone.' });
    await connectStdio(target, pair.remote);
    return;
  }
  if (isIP(address) === 0)
    throw new UsageError(`${JSON.stringify(address)} is no IP address`, {
      hint: 'Write, for instance, --address 0.0.0.0 for all IPv4 addresses of this host.',
    });
  await getKnownVm(target.client, target.vm);
  await listenUntilInterrupted(target, address, pairs);
}

async function listenUntilInterrupted(
  target: GuestTarget,
  address: string,
  pairs: readonly PortPair[],
): Promise<void> {
  const { context, vm } = target;
  const open = new Set<Duplex>();
  await using stack = new AsyncDisposableStack();
  for (const { local, remote } of pairs) {
    const listening: Listening = await listenTcp(address, local, (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      void lead(target, remote, socket);
    });
    stack.use(listening);
    context.stderr.write(
      `Forwarding from ${listening.at} to port ${remote} of ${displayName(vm)}\n`,
    );
  }
  if (!isLoopback(address))
    context.stderr.write('Other hosts may be able to connect as well. Ctrl-C ends it.\n');
  await aborted(context.signal);
  for (const socket of open) socket.destroy();
}

/** One connection. What goes wrong with it is told, and the others go on. */
async function lead(target: GuestTarget, port: number, socket: Duplex): Promise<void> {
  const { context, vm } = target;
  try {
    const line = await enter(target, portForwardPath(vm.namespace, vm.name, port));
    if (socket.destroyed) line.stream.destroy();
    else await join(socket, line.stream, ANSWER_MS);
    const failure = socket.destroyed ? undefined : lineFailure(await line.ended);
    if (failure !== undefined) throw failure;
  } catch (error) {
    socket.destroy();
    if (context.signal.aborted) return;
    if (!(error instanceof SolovirtError)) throw error;
    printError(context, error);
  }
}

async function connectStdio(target: GuestTarget, port: number): Promise<void> {
  const { context, ends, vm } = target;
  const line = await enter(target, portForwardPath(vm.namespace, vm.name, port));
  context.signal.addEventListener('abort', () => line.stream.destroy(), { once: true });
  // The end of what we send is not the end of the answer.
  ends.input.pipe(line.stream, { end: false });
  line.stream.pipe(ends.output, { end: false });
  await finished(line.stream).catch(() => {});
  ends.input.destroy();
  const failure = context.signal.aborted ? undefined : lineFailure(await line.ended);
  if (failure !== undefined) throw failure;
}

/** `8080:80`, `80`; also `tcp/8080:80`, as virtctl writes it. @throws UsageError */
export function readPair(text: string): PortPair {
  const [, protocol = 'tcp', first, second] =
    /^(?:([a-z]+)\/)?(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? [];
  const remote = Number(second ?? first);
  const local = Number(first);
  if (protocol === 'udp')
    throw new UsageError('UDP ports are not forwarded by this command', {
      hint: 'The annotation solovirt.io/host-ports forwards them for as long as the VM runs.',
    });
  if (first === undefined || protocol !== 'tcp' || remote < 1 || remote > 65_535 || local > 65_535)
    throw new UsageError(`${JSON.stringify(text)} names no ports`, {
      hint: 'Write [LOCAL:]REMOTE, for instance 8080:80, with numbers up to 65535.',
    });
  return { local, remote };
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
