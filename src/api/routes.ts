/**
 * Every path that the socket answers: one row each. Later kinds and verbs are rows here, a handler there.
 */
import type { Supervisor } from '../supervisor/supervisor.ts';
import { accessReviewRoutes } from './access-review.ts';
import type { HostInfo } from './contract-host.ts';
import type { InstanceVerb, VmVerb } from './contract-options.ts';
import { DRAIN_PATH } from './contract-paths.ts';
import type { PreflightReport } from './contract-preflight.ts';
import { discoveryRoutes } from './discovery.ts';
import { guestRoutes } from './guest-routes.ts';
import { instanceVerb, vmVerb } from './handle-commands.ts';
import { beginDraining, endDraining } from './handle-drain.ts';
import { expandRoutes } from './handle-expand.ts';
import { metricsRoute } from './handle-metrics.ts';
import { notHereRoutes } from './handle-not-here.ts';
import { preflightRoute } from './handle-preflight.ts';
import { getLogs, getRuns } from './handle-reads.ts';
import { statsRoutes } from './handle-stats.ts';
import { uploadRoute } from './handle-upload.ts';
import { plainLineRoutes } from './line-routes.ts';
import type { DaemonUse } from './metric-source.ts';
import { openApiRoutes } from './openapi.ts';
import { readRoutes } from './read-routes.ts';
import { json } from './reply.ts';
import type { RequestTally } from './request-tally.ts';
import { type Handler, look, type Route } from './route.ts';
import { writeRoutes } from './write-routes.ts';

export interface ApiDeps {
  readonly supervisor: Supervisor;
  readonly info: () => Promise<HostInfo>;
  readonly version: string;
  /** What this process takes of its host. */
  readonly daemon: () => DaemonUse;
  readonly requests: RequestTally;
  /** Unix ms. */
  readonly now: () => number;
  /** What the host would say of a VM file. */
  readonly preflight: (text: string) => Promise<PreflightReport>;
}

const VMS = '/apis/kubevirt.io/v1/namespaces/:namespace/virtualmachines';
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/:namespace';

const VM_VERBS: readonly VmVerb[] = ['start', 'stop', 'restart'];
const INSTANCE_VERBS: readonly InstanceVerb[] = ['pause', 'unpause', 'reset', 'softreboot'];

export function routes(deps: ApiDeps): readonly Route[] {
  const { supervisor, info, version, now } = deps;
  const rows: readonly Route[] = [
    look('/version', () => json(apiVersion(version))),
    look('/healthz', () => json({ status: 'ok' })),
    look('/apis/solovirt.io/v1/info', async () => json(await info())),
    metricsRoute(deps),
    preflightRoute(deps.preflight),
    uploadRoute(supervisor),
    ...statsRoutes(supervisor),
    put(DRAIN_PATH, (request) => beginDraining(supervisor, request)),
    { method: 'DELETE', path: DRAIN_PATH, handle: (request) => endDraining(supervisor, request) },
    look(`${VMS}/:name/runs`, (request) => getRuns(supervisor, request)),
    ...readRoutes(supervisor, now, version),
    ...writeRoutes(supervisor, now),
    ...expandRoutes(supervisor, version),
    get(`${SUB}/virtualmachines/:name/logs`, (request) => getLogs(supervisor, request)),
    ...plainLineRoutes(supervisor),
    ...guestRoutes(supervisor),
    ...VM_VERBS.map((verb) =>
      put(`${SUB}/virtualmachines/:name/${verb}`, (request) => vmVerb(supervisor, verb, request)),
    ),
    ...INSTANCE_VERBS.flatMap((verb) => [
      put(`${SUB}/virtualmachineinstances/:name/${verb}`, (request) =>
        instanceVerb(supervisor, verb, request),
      ),
      put(`${SUB}/virtualmachines/:name/${verb}`, (request) =>
        instanceVerb(supervisor, verb, request),
      ),
    ]),
  ];
  const served = [...rows, ...discoveryRoutes(rows)];
  const all = [...served, ...accessReviewRoutes(served)];
  return [...all, ...openApiRoutes(all, version), ...notHereRoutes()];
}

/**
 * Clients compare the numbers with their own to know what they may ask for: those of the Kubernetes whose API this is.
 * `gitVersion` tells who really answers.
 */
function apiVersion(version: string): object {
  return { major: '1', minor: '32', gitVersion: `v1.32.0+solovirt-${version}`, platform: 'linux' };
}

function get(path: string, handle: Handler): Route {
  return { method: 'GET', path, handle };
}

function put(path: string, handle: Handler): Route {
  return { method: 'PUT', path, handle };
}
