/** The socket as any client sees it: HTTP and JSON, a few lines of each. */
import { request } from 'node:http';

export interface Answer {
  readonly code: number;
  readonly text: string;
}

/** Longer than the daemon's own deadline for a QEMU that does not answer. */
const DEADLINE_MS = 30_000;

/** Undefined when there is no answer: no daemon, or one that died over it. */
export function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const headers = { 'content-type': 'application/json' };
  const outgoing = request({ socketPath, method, path, headers, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
    response.on('error', () => resolve(undefined));
    response.on('aborted', () => resolve(undefined));
  });
  outgoing.setTimeout(DEADLINE_MS, () => outgoing.destroy(new Error('no answer in time')));
  outgoing.on('error', () => resolve(undefined));
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

export interface Verdict {
  readonly outcome: 'Succeeded' | 'Failed';
  readonly reason: string;
  readonly initiator: string;
  readonly message: string;
}

export interface Run {
  readonly uid: string;
  readonly startedAt: string;
  readonly runningAt?: string;
  readonly endedAt: string;
  readonly verdict: Verdict;
}

export interface Vm {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly printableStatus: string;
    readonly runStrategy?: string;
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
    readonly stateChangeRequests?: readonly unknown[];
    readonly problems?: readonly { readonly severity: string }[];
    readonly instance?: {
      readonly uid: string;
      readonly phase: string;
      readonly startedAt?: string;
      readonly runState?: string;
      readonly pid?: number;
      readonly stop?: object;
    };
    readonly runHistory: readonly Run[];
  };
}

const GROUP = '/apis/kubevirt.io/v1';
const SUBRESOURCES = '/apis/subresources.kubevirt.io/v1/namespaces/default';

export const vmsPath = `${GROUP}/virtualmachines`;

export const runsPath = (vm: string): string =>
  `${GROUP}/namespaces/default/virtualmachines/${vm}/runs`;

export interface Event {
  readonly reason: string;
  /** Of an event about a VM, the instance that it tells of. */
  readonly related?: { readonly uid?: string };
}

export const eventsPath = (vm: string): string =>
  `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${vm}`;

export const commandPath = (vm: string, verb: string): string =>
  `${SUBRESOURCES}/virtualmachines/${vm}/${verb}`;

export const instancePath = (vm: string, verb: string): string =>
  `${SUBRESOURCES}/virtualmachineinstances/${vm}/${verb}`;

export function items<T>(answer: Answer): readonly T[] {
  return (JSON.parse(answer.text) as { readonly items: readonly T[] }).items;
}
