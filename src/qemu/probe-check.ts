/**
 * One check of a probe. Whatever the guest does, it ends in its time: what a check leaves unfinished in QEMU or in the guest's
 * agent has deadlines of its own.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { guestText } from '../core/agent/guest-text.ts';
import type { InterfaceSpec } from '../core/model/network-interface.ts';
import type { ProbeCheck, ProbeSpec } from '../core/model/probe.ts';
import { guestPort } from '../core/qemu-args/network.ts';
import { errorMessage } from '../core/thrown.ts';
import type { GuestAgent } from './agent.ts';
import type { GuestExec } from './guest-exec.ts';
import { type GuestPort, openPortLine } from './port-line.ts';
import type { Execute } from './screenshot.ts';

export interface ProbeTarget {
  readonly agent: GuestAgent;
  readonly exec: GuestExec;
  readonly interfaces: readonly InterfaceSpec[];
  /** Runs a QMP command. */
  readonly execute: Execute;
}

export type CheckOutcome =
  | { readonly result: 'success' }
  | { readonly result: 'failure'; readonly why: string };

type HttpGet = Extract<ProbeCheck, { kind: 'httpGet' }>;

/** What the way through the agent takes is no fault of the guest's; KubeVirt adds as much. */
const AGENT_EXTRA_MS = 1000;
const MOST_WORDS = 200;

/** Never rejects. */
export async function check(
  { check, timeoutSeconds }: ProbeSpec,
  target: ProbeTarget,
): Promise<CheckOutcome> {
  const limitMs = timeoutSeconds * 1000 + (isByAgent(check) ? AGENT_EXTRA_MS : 0);
  const limit = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  // Not AbortSignal.timeout, which has no more than 2^32-1 ms.
  const timer = setTimeout(
    () => {
      reject(new Error(`no answer within ${timeoutSeconds} s`));
      limit.abort();
    },
    Math.min(limitMs, 2 ** 31 - 1),
  );
  try {
    await Promise.race([carryOut(check, target, { limitMs, signal: limit.signal }), late]);
    return { result: 'success' };
  } catch (error) {
    const words = errorMessage(error);
    return { result: 'failure', why: guestText(words, MOST_WORDS) ?? 'no reason is known' };
  } finally {
    clearTimeout(timer);
  }
}

function isByAgent({ kind }: ProbeCheck): boolean {
  return kind === 'exec' || kind === 'guestAgentPing';
}

interface Limit {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

async function carryOut(check: ProbeCheck, target: ProbeTarget, limit: Limit): Promise<void> {
  switch (check.kind) {
    case 'guestAgentPing':
      await target.agent.execute('guest-ping', undefined, limit.limitMs);
      return;
    case 'exec':
      await target.exec.run(check.command, limit);
      return;
    case 'tcpSocket':
      (await connect(portOf(check, target), target, limit)).destroy();
      return;
    case 'httpGet':
      await get(check, target, limit);
      return;
  }
}

function portOf({ port }: { readonly port: number }, { interfaces }: ProbeTarget): GuestPort {
  const to = guestPort(interfaces, port);
  if (to === undefined) throw new Error('the guest has no network interface in masquerade mode');
  return to;
}

async function connect(
  to: GuestPort,
  { execute }: ProbeTarget,
  { signal }: Limit,
): Promise<Socket> {
  const socket = await openPortLine(execute, to, signal);
  // Whatever becomes of it is told where it is used.
  socket.on('error', () => {});
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  if (!signal.aborted) return socket;
  socket.destroy();
  throw new Error('too late');
}

async function get(check: HttpGet, target: ProbeTarget, limit: Limit): Promise<void> {
  const to = portOf(check, target);
  const socket = await connect(to, target, limit);
  try {
    const stream = check.https ? await secured(socket) : socket;
    const asked = request({
      createConnection: () => stream,
      path: check.path,
      headers: headersOf(check, to),
      setHost: false,
      signal: limit.signal,
    });
    const { statusCode = 0 } = await answerTo(asked);
    if (statusCode < 200 || statusCode >= 400) throw new Error(`HTTP status ${statusCode}`);
  } finally {
    socket.destroy();
  }
}

/** Names and values in turn: a header may come twice. */
function headersOf({ headers }: HttpGet, { address, port }: GuestPort): string[] {
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  const usual: HttpGet['headers'] = [
    ['Host', `${address}:${port}`],
    ['User-Agent', 'solovirt-probe'],
    ['Accept', '*/*'],
    ['Connection', 'close'],
  ];
  return [...usual.filter(([name]) => !own.has(name.toLowerCase())), ...headers].flat();
}

/** Nobody has told whom to trust: as under Kubernetes, any certificate will do. */
async function secured(socket: Socket): Promise<Socket> {
  const tls = await import('node:tls');
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const stream = tls.connect({ socket, rejectUnauthorized: false }, () => resolve(stream));
  stream.on('error', reject);
  stream.on('close', () => reject(new Error('the guest closed the connection')));
  return await promise;
}

/** Only its beginning is looked at. */
function answerTo(asked: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asked.on('error', reject);
  asked.on('response', (answer) => {
    resolve(answer);
    answer.destroy();
  });
  asked.end();
  return promise;
}
