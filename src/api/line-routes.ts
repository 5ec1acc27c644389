/** The paths that lead into a guest: those that speak WebSocket, and the screenshot. */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { Line } from '../supervisor/guest-lines.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { DEFAULT_SCROLLBACK_BYTES, MAX_SCROLLBACK_BYTES } from './contract-lines.ts';
import { ApiError, type ApiRequest } from './reply.ts';
import type { Route } from './route.ts';

/** What is known of a request that has no body. */
export type LineRequest = Pick<ApiRequest, 'params' | 'query'>;

export interface LineRoute {
  readonly method: 'GET';
  readonly path: string;
  /** @throws ApiError, Refusal: then nothing was opened */
  readonly open: (request: LineRequest) => Promise<Line>;
}

const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/:namespace';
const INSTANCE = `${SUB}/virtualmachineinstances/:name`;
const VM = `${SUB}/virtualmachines/:name`;

export function lineRoutes({ lines }: Supervisor): readonly LineRoute[] {
  const console: LineRoute['open'] = ({ params, query }) =>
    lines.console(identityOf(params), scrollbackOf(query.get('scrollback')));
  const vnc: LineRoute['open'] = ({ params, query }) =>
    lines.vnc(identityOf(params), {
      preserveSession: booleanOf('preserveSession', query.get('preserveSession')),
    });
  const port: LineRoute['open'] = ({ params }) =>
    lines.port(identityOf(params), {
      port: portOf(params['port'] ?? ''),
      protocol: protocolOf(params['protocol'] ?? 'tcp'),
    });
  return [INSTANCE, VM].flatMap((base) => [
    { method: 'GET', path: `${base}/console`, open: console },
    { method: 'GET', path: `${base}/vnc`, open: vnc },
    { method: 'GET', path: `${base}/portforward/:port`, open: port },
    { method: 'GET', path: `${base}/portforward/:port/:protocol`, open: port },
  ]);
}

/** The same paths for those who ask without a WebSocket, and the screenshot. */
export function plainLineRoutes(supervisor: Supervisor): readonly Route[] {
  const { lines } = supervisor;
  return [
    ...lineRoutes(supervisor).map(({ method, path }): Route => ({ method, path, handle: refuse })),
    ...[INSTANCE, VM].map(
      (base): Route => ({
        method: 'GET',
        path: `${base}/vnc/screenshot`,
        handle: async ({ params, query }) => {
          // The pointer is moved to wake a display that sleeps (KubeVirt); QEMU's are always drawn.
          booleanOf('moveCursor', query.get('moveCursor'));
          const body = await lines.screenshot(identityOf(params));
          return { kind: 'bytes', code: 200, contentType: 'image/png', body };
        },
      }),
    ),
  ];
}

function refuse(): never {
  throw new ApiError(
    'this path speaks WebSocket (RFC 6455), and the request does not ask for one; solovirt console, vnc and port-forward do',
    { code: 400 },
  );
}

function identityOf(params: ApiRequest['params']): VmIdentity {
  return { namespace: params['namespace'] ?? '', name: params['name'] ?? '' };
}

function scrollbackOf(value: string | null): number {
  if (value === null) return DEFAULT_SCROLLBACK_BYTES;
  if (!/^\d{1,9}$/.test(value))
    throw new ApiError(`scrollback must be a whole number of bytes, not "${value}"`, { code: 400 });
  return Math.min(Number(value), MAX_SCROLLBACK_BYTES);
}

function booleanOf(name: string, value: string | null): boolean {
  if (value === null || value === 'false') return false;
  if (value === 'true') return true;
  throw new ApiError(`${name} must be true or false, not "${value}"`, { code: 400 });
}

function portOf(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ApiError(`"${value}" is no port; ports are numbers from 1 to 65535`, { code: 400 });
}

function protocolOf(value: string): 'tcp' | 'udp' {
  if (value === 'tcp' || value === 'udp') return value;
  throw new ApiError(`the protocol must be tcp or udp, not "${value}"`, { code: 400 });
}
