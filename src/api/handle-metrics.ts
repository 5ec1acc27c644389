/** GET /metrics: everything that is measured, in the format that the client asks for. */
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { HostInfo } from './contract-host.ts';
import type { DaemonUse, MeasuredVm, MetricSource } from './metric-source.ts';
import { renderVm } from './render-vm.ts';
import type { ApiRequest, Reply } from './reply.ts';
import type { RequestTally } from './request-tally.ts';
import type { Route } from './route.ts';

interface MetricsDeps {
  readonly supervisor: Supervisor;
  readonly info: () => Promise<HostInfo>;
  readonly daemon: () => DaemonUse;
  readonly requests: RequestTally;
}

export function metricsRoute(deps: MetricsDeps): Route {
  return {
    method: 'GET',
    path: '/metrics',
    readonly: true,
    handle: (request) => scrape(deps, request),
  };
}

async function scrape(deps: MetricsDeps, { accept }: ApiRequest): Promise<Reply> {
  const [source, { metricsText }] = await Promise.all([measure(deps), import('./metrics-text.ts')]);
  // Prometheus names both, this one first where it wants it.
  const text = await metricsText(source, accept.includes('application/openmetrics-text'));
  return { kind: 'bytes', code: 200, ...text };
}

async function measure({ supervisor, info, daemon, requests }: MetricsDeps): Promise<MetricSource> {
  const [host, stats] = await Promise.all([info(), supervisor.stats.collect()]);
  const byKey = new Map(stats.map(({ key, instance }) => [key, instance]));
  const all = supervisor.board.all().map((snapshot): MeasuredVm => {
    const found = byKey.get(snapshot.key);
    const status = renderVm(snapshot).status.printableStatus;
    return { snapshot, status, ...(found === undefined ? {} : { stats: found }) };
  });
  return {
    host,
    daemon: daemon(),
    vms: all.filter(({ snapshot }) => snapshot.record !== undefined),
    statuses: all.map(({ status }) => status),
    ends: supervisor.endCounts(),
    tally: supervisor.tally,
    requests,
  };
}
