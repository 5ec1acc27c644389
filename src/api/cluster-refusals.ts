/** What clients try that only a cluster can do, or whoever writes files: refused with what is done here in its place. */
import { ApiError, type ApiRequest } from './reply.ts';
import type { Route } from './route.ts';

type Change = Exclude<Route['method'], 'GET'>;

interface Refused {
  readonly path: string;
  readonly methods: readonly Change[];
  readonly why: string;
}

/** What `kubectl describe node` shows of a node that is looked after from elsewhere. */
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/:name';

const NODE =
  'the node is this host, and is not changed from here; `solovirt drain` stops its guests and starts none';
const NAMESPACE =
  'a namespace is there as soon as a VM or another object of a file names it, and goes with the last of them; it is not made, changed or deleted by itself';
const POD = 'there are no pods here: a guest is a VirtualMachine; `solovirt create vm` writes one';
const SERVICE =
  'there are no services here: the annotation solovirt.io/host-ports, or `solovirt port-forward`, leads to a port of a VM';

const OBJECT =
  'Secrets, ConfigMaps and NetworkAttachmentDefinitions stand in files of the VM directory, which `solovirt info` names, and are made, changed and deleted there';

const REFUSED: readonly Refused[] = [
  ...onAll('/api/v1/namespaces', NAMESPACE),
  ...onAll('/api/v1/nodes', NODE),
  ...onAll('/api/v1/namespaces/:namespace/pods', POD),
  ...onAll('/api/v1/namespaces/:namespace/secrets', OBJECT),
  ...onAll('/api/v1/namespaces/:namespace/configmaps', OBJECT),
  ...onAll('/apis/k8s.cni.cncf.io/v1/namespaces/:namespace/network-attachment-definitions', OBJECT),
  ...onAll('/api/v1/namespaces/:namespace/services', SERVICE),
  {
    path: '/apis/kubevirt.io/v1/namespaces/:namespace/virtualmachines/:name/scale',
    methods: ['PUT', 'PATCH'],
    why: 'a VM is one guest, it has no replicas; create another VM',
  },
];

/** Making one, and changing or deleting one that is there. */
function onAll(path: string, why: string): readonly Refused[] {
  return [
    { path, methods: ['POST'], why },
    { path: `${path}/:name`, methods: ['PUT', 'PATCH', 'DELETE'], why },
  ];
}

export function clusterRefusals(): readonly Route[] {
  const rows = REFUSED.flatMap(({ path, methods, why }) =>
    methods.map((method): Route => {
      const handle: Route['handle'] = () => {
        throw new ApiError(why, { code: 405 });
      };
      return { method, path, handle, refusal: true };
    }),
  );
  return [...rows, { method: 'GET', path: LEASE, handle: noLease, refusal: true, readonly: true }];
}

function noLease({ params: { name = '' } }: ApiRequest): never {
  throw new ApiError(
    `leases.coordination.k8s.io "${name}" not found: the host is a node while its daemon answers`,
    { code: 404, details: { name, group: 'coordination.k8s.io', kind: 'leases' } },
  );
}

/** `kubectl logs web`, `kubectl exec web`: they look for a pod of that name first. @throws ApiError 404 */
export function noSuchPod({ params: { name = '' } }: ApiRequest): never {
  throw new ApiError(
    `pods "${name}" not found: guests are no pods; of a VM there are \`solovirt logs\`, \`solovirt console\`, \`solovirt ssh\` and \`solovirt port-forward\``,
    { code: 404, details: { name, kind: 'pods' } },
  );
}
