/** Namespaces, the node, and the pods and services that are not, as the socket serves them: never to be changed. */
import type { NodeSnapshot } from '../supervisor/host-node.ts';
import type { NamespaceSnapshot } from '../supervisor/namespaces.ts';
import { AGE, NAME } from './columns-vm.ts';
import type { AbsentObject, NamespaceObject, NodeObject } from './contract-cluster.ts';
import type { HostFacts } from './host-facts.ts';
import type { Served } from './present.ts';
import { rfc3339 } from './rfc3339.ts';
import { type Store, sourceOf } from './source.ts';
import { stableUid } from './stable-uid.ts';

export function servedNamespaces(store: Store<NamespaceSnapshot>): Served<NamespaceObject> {
  return {
    group: '',
    plural: 'namespaces',
    kind: 'Namespace',
    source: sourceOf(store, renderNamespace),
    columns: [
      NAME,
      {
        name: 'Status',
        type: 'string',
        description: 'Active: it is there',
        cell: ({ status }) => status.phase,
      },
      AGE,
    ],
    fields: { 'status.phase': ({ status }) => status.phase },
  };
}

function renderNamespace({ name, since, resourceVersion }: NamespaceSnapshot): NamespaceObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      uid: stableUid(`namespace/${name}`),
      resourceVersion: String(resourceVersion),
      creationTimestamp: rfc3339(since),
      labels: { 'kubernetes.io/metadata.name': name },
    },
    spec: {},
    status: { phase: 'Active' },
  };
}

export function servedNodes(store: Store<NodeSnapshot>, host: HostFacts): Served<NodeObject> {
  return {
    group: '',
    plural: 'nodes',
    kind: 'Node',
    source: sourceOf(store, (snapshot) => renderNode(snapshot, host)),
    columns: [
      NAME,
      {
        name: 'Status',
        type: 'string',
        description: 'Whether it runs guests',
        cell: ({ spec }) => (spec.unschedulable ? 'Ready,SchedulingDisabled' : 'Ready'),
      },
      { name: 'Roles', type: 'string', description: 'There are none', cell: () => '<none>' },
      AGE,
      {
        name: 'Version',
        type: 'string',
        description: 'Which solovirt answers',
        cell: ({ status }) => status.nodeInfo.kubeletVersion,
      },
      {
        name: 'OS-Image',
        type: 'string',
        description: 'Its operating system',
        wide: true,
        cell: ({ status }) => status.nodeInfo.osImage,
      },
      {
        name: 'Kernel-Version',
        type: 'string',
        description: 'Its kernel',
        wide: true,
        cell: ({ status }) => status.nodeInfo.kernelVersion,
      },
    ],
    fields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  };
}

function renderNode(
  { since, draining, resourceVersion }: NodeSnapshot,
  { name, capacity, nodeInfo }: HostFacts,
): NodeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: stableUid(`node/${name}`),
      resourceVersion: String(resourceVersion),
      creationTimestamp: rfc3339(since),
      labels: {
        'kubernetes.io/arch': nodeInfo.architecture,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': nodeInfo.operatingSystem,
      },
    },
    spec: draining === undefined ? {} : { unschedulable: true },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'DaemonAnswers',
          message: 'the daemon looks after its guests',
          lastHeartbeatTime: rfc3339(since),
          lastTransitionTime: rfc3339(since),
        },
      ],
      addresses: [{ type: 'Hostname', address: name }],
      nodeInfo,
    },
  };
}

/** What `kubectl describe node` and `kubectl drain` select pods by. */
const POD_FIELDS = ['spec.nodeName', 'spec.restartPolicy', 'status.phase', 'status.podIP'];

/** @param store any: lists have its versions */
export function servedPods<S>(store: Store<S>): Served<AbsentObject> {
  const fields = Object.fromEntries(POD_FIELDS.map((name) => [name, () => '']));
  return { ...none(store), plural: 'pods', kind: 'Pod', fields };
}

/** @param store any: lists have its versions */
export function servedServices<S>(store: Store<S>): Served<AbsentObject> {
  return { ...none(store), plural: 'services', kind: 'Service', fields: {} };
}

function none<S>(store: Store<S>): Pick<Served<AbsentObject>, 'group' | 'source' | 'columns'> {
  return {
    group: '',
    source: sourceOf<S, AbsentObject>(store, () => undefined),
    columns: [NAME, AGE],
  };
}
