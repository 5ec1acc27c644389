/** GET of what VMs use. Asks QEMU, but waits a second at most, whatever guests do. */
import type { InstanceStats, VmStats } from '../supervisor/stats.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { VmStatsList, VmStatsObject } from './contract-stats.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import type { Route } from './route.ts';

const SOLOVIRT = '/apis/solovirt.io/v1';

export function statsRoutes(supervisor: Supervisor): readonly Route[] {
  const list = (request: ApiRequest): Promise<Reply> => listStats(supervisor, request);
  const rows = [
    [`${SOLOVIRT}/stats`, list],
    [`${SOLOVIRT}/namespaces/:namespace/stats`, list],
    [
      `${SOLOVIRT}/namespaces/:namespace/virtualmachines/:name/stats`,
      (request: ApiRequest) => getStats(supervisor, request),
    ],
  ] as const;
  return rows.map(([path, handle]) => ({ method: 'GET', path, handle, readonly: true }));
}

async function listStats(supervisor: Supervisor, { params }: ApiRequest): Promise<Reply> {
  const { namespace } = params;
  const stats = await supervisor.stats.collect(
    (vm) => namespace === undefined || vm.namespace === namespace,
  );
  const body: VmStatsList = {
    apiVersion: 'solovirt.io/v1',
    kind: 'VirtualMachineStatsList',
    items: stats.map(renderStats),
  };
  return json(body);
}

async function getStats(supervisor: Supervisor, { params }: ApiRequest): Promise<Reply> {
  const { namespace, name } = params;
  const [stats] = await supervisor.stats.collect(
    (vm) => vm.namespace === namespace && vm.name === name,
  );
  if (stats === undefined)
    throw new ApiError(`virtualmachines.kubevirt.io "${name}" not found`, { code: 404 });
  return json(renderStats(stats));
}

function renderStats({ namespace, name, at, instance }: VmStats): VmStatsObject {
  return {
    apiVersion: 'solovirt.io/v1',
    kind: 'VirtualMachineStats',
    metadata: { name, namespace },
    timestamp: new Date(at).toISOString(),
    ...(instance === undefined ? {} : renderInstance(instance)),
  };
}

function renderInstance(
  stats: InstanceStats,
): Pick<VmStatsObject, 'instance' | 'cpu' | 'memory' | 'disks' | 'interfaces' | 'missing'> {
  const { uid, vcpus, guestBytes, process, disks, interfaces, balloonBytes, missing } = stats;
  return {
    instance: { uid },
    cpu: {
      count: vcpus,
      ...(process === undefined
        ? {}
        : {
            usageSeconds: process.cpuSeconds,
            userSeconds: process.userSeconds,
            systemSeconds: process.systemSeconds,
          }),
    },
    memory: {
      guestBytes,
      ...(process === undefined ? {} : { residentBytes: process.residentBytes }),
      ...(balloonBytes === undefined ? {} : { balloonBytes }),
    },
    ...(missing === undefined ? { disks } : { missing }),
    ...(interfaces.length === 0 ? {} : { interfaces }),
  };
}
