/** The paths at which objects are read: get, list and watch, each kind in the same way. */
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { clusterRefusals, noSuchPod } from './cluster-refusals.ts';
import { identityOf, lookUp } from './handle-reads.ts';
import { readHostFacts } from './host-facts.ts';
import { type Presenter, presenterOf, type Served } from './present.ts';
import { renderInstance } from './render-instance.ts';
import { renderVm } from './render-vm.ts';
import { Renderings } from './renderings.ts';
import type { ApiRequest } from './reply.ts';
import { look, type Route } from './route.ts';
import { servedNamespaces, servedNodes, servedPods, servedServices } from './served-cluster.ts';
import { servedEvents, servedEventsV1 } from './served-events.ts';
import { servedConfigMaps, servedNetworks, servedSecrets } from './served-objects.ts';
import { servedInstances, servedVms } from './served-vms.ts';
import type { ApiObject } from './source.ts';

/**
 * @param now Unix ms: the ages of tables are counted from it
 * @param version of solovirt, which the node tells
 */
export function readRoutes(
  supervisor: Supervisor,
  now: () => number,
  version: string,
): readonly Route[] {
  const { board, events, namespaces, node, objects } = supervisor;
  // Whoever reads one VM gets what is known of its guest, which is asked again if that is old.
  const snapshotOf = (request: ApiRequest): VmSnapshot | undefined => {
    const snapshot = lookUp(supervisor, request);
    if (snapshot !== undefined) supervisor.requests.touchGuest(snapshot);
    return snapshot;
  };
  const vms = new Renderings(board, renderVm);
  const instances = new Renderings(board, renderInstance);
  return [
    ...namespaced('/apis/kubevirt.io/v1', servedVms(board, vms.of), now, (request) => {
      const snapshot = snapshotOf(request);
      return snapshot && vms.of(snapshot);
    }),
    ...namespaced('/apis/kubevirt.io/v1', servedInstances(board, instances.of), now, (request) => {
      const snapshot = snapshotOf(request);
      return snapshot && instances.of(snapshot);
    }),
    ...namespaced('/api/v1', servedEvents(events.snapshots), now),
    ...namespaced('/apis/events.k8s.io/v1', servedEventsV1(events.snapshots), now),
    ...namespaced('/api/v1', servedSecrets(objects.secrets), now),
    ...namespaced('/api/v1', servedConfigMaps(objects.configMaps), now),
    ...namespaced('/apis/k8s.cni.cncf.io/v1', servedNetworks(objects.networks), now),
    ...ofTheHost(servedNamespaces(namespaces.snapshots), now),
    ...ofTheHost(servedNodes(node.snapshots, readHostFacts(version)), now),
    ...namespaced('/api/v1', servedPods(node.snapshots), now, noSuchPod),
    ...namespaced('/api/v1', servedServices(node.snapshots), now),
    ...clusterRefusals(),
  ];
}

/** @param find faster, or in another way, than by looking through the list */
function namespaced<T extends ApiObject>(
  base: string,
  served: Served<T>,
  now: () => number,
  find: (request: ApiRequest) => T | undefined = (request) => findIn(served, request),
): readonly Route[] {
  const presenter: Presenter<T> = presenterOf(served, now);
  const { plural } = served;
  return [
    look(`${base}/${plural}`, presenter.listOrWatch),
    look(`${base}/namespaces/:namespace/${plural}`, presenter.listOrWatch),
    look(`${base}/namespaces/:namespace/${plural}/:name`, (request) =>
      presenter.get(request, find(request)),
    ),
  ];
}

function ofTheHost<T extends ApiObject>(served: Served<T>, now: () => number): readonly Route[] {
  const presenter = presenterOf(served, now);
  const path = `/api/v1/${served.plural}`;
  return [
    look(path, presenter.listOrWatch),
    look(`${path}/:name`, (request) => presenter.get(request, findIn(served, request))),
  ];
}

function findIn<T extends ApiObject>({ source }: Served<T>, request: ApiRequest): T | undefined {
  const wanted = keyOf(identityOf(request));
  return source.list().find(({ metadata }) => keyOf({ namespace: '', ...metadata }) === wanted);
}
