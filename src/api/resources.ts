/**
 * The kinds of objects that the socket serves, one row each, as Kubernetes' discovery describes them
 * (`metav1.APIResource`). Discovery, the OpenAPI documents, tables and docs/compatibility.md are made from these rows;
 * the paths themselves are rows of `routes.ts`.
 */

export type ResourceVerb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch';

export interface SubresourceRow {
  /** Below the resource's name: `status`. */
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly ResourceVerb[];
}

export interface ResourceRow {
  /** Empty for Kubernetes' core group. */
  readonly group: string;
  /** The preferred version first. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly ResourceVerb[];
  readonly subresources: readonly SubresourceRow[];
}

const LOOK: readonly ResourceVerb[] = ['get', 'list', 'watch'];
const ALL: readonly ResourceVerb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export const KUBEVIRT_GROUP = 'kubevirt.io';
/** Two versions of one shape, as in KubeVirt. */
export const KUBEVIRT_VERSIONS: readonly string[] = ['v1', 'v1alpha3'];

/** Of the Network Plumbing Working Group, whose NetworkAttachmentDefinition multus reads. */
export const NETWORK_GROUP = 'k8s.cni.cncf.io';

export const RESOURCES: readonly ResourceRow[] = [
  {
    group: KUBEVIRT_GROUP,
    versions: KUBEVIRT_VERSIONS,
    plural: 'virtualmachines',
    singular: 'virtualmachine',
    kind: 'VirtualMachine',
    shortNames: ['vm', 'vms'],
    categories: ['all'],
    namespaced: true,
    verbs: ALL,
    subresources: [{ name: 'status', kind: 'VirtualMachine', verbs: ['get'] }],
  },
  {
    group: KUBEVIRT_GROUP,
    versions: KUBEVIRT_VERSIONS,
    plural: 'virtualmachineinstances',
    singular: 'virtualmachineinstance',
    kind: 'VirtualMachineInstance',
    shortNames: ['vmi', 'vmis'],
    categories: ['all'],
    namespaced: true,
    verbs: ['delete', ...LOOK],
    subresources: [],
  },
  {
    group: '',
    versions: ['v1'],
    plural: 'events',
    singular: 'event',
    kind: 'Event',
    shortNames: ['ev'],
    categories: [],
    namespaced: true,
    verbs: LOOK,
    subresources: [],
  },
  {
    group: 'events.k8s.io',
    versions: ['v1'],
    plural: 'events',
    singular: 'event',
    kind: 'Event',
    // `ev` stands for those of the core group.
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: LOOK,
    subresources: [],
  },
  // Their objects stand in files, and are changed there.
  lookedAt('secrets', 'Secret', []),
  lookedAt('configmaps', 'ConfigMap', ['cm']),
  {
    ...lookedAt('network-attachment-definitions', 'NetworkAttachmentDefinition', [
      'net-attach-def',
    ]),
    group: NETWORK_GROUP,
    singular: 'network-attachment-definition',
  },
  {
    group: '',
    versions: ['v1'],
    plural: 'namespaces',
    singular: 'namespace',
    kind: 'Namespace',
    shortNames: ['ns'],
    categories: [],
    namespaced: false,
    verbs: LOOK,
    subresources: [],
  },
  {
    group: '',
    versions: ['v1'],
    plural: 'nodes',
    singular: 'node',
    kind: 'Node',
    shortNames: ['no'],
    categories: [],
    namespaced: false,
    verbs: LOOK,
    subresources: [],
  },
  // There are none, but clients take them for granted: `kubectl describe node` lists pods.
  lookedAt('pods', 'Pod', ['po']),
  lookedAt('services', 'Service', ['svc']),
  review('selfsubjectaccessreviews', 'SelfSubjectAccessReview'),
  review('selfsubjectrulesreviews', 'SelfSubjectRulesReview'),
];

/** A kind of Kubernetes' core group that is only looked at. */
function lookedAt(plural: string, kind: string, shortNames: readonly string[]): ResourceRow {
  return {
    group: '',
    versions: ['v1'],
    plural,
    singular: kind.toLowerCase(),
    kind,
    shortNames,
    categories: [],
    namespaced: true,
    verbs: LOOK,
    subresources: [],
  };
}

/** A question that is asked as if it were created. */
function review(plural: string, kind: string): ResourceRow {
  return {
    group: 'authorization.k8s.io',
    versions: ['v1'],
    plural,
    singular: kind.toLowerCase(),
    kind,
    shortNames: [],
    categories: [],
    namespaced: false,
    verbs: ['create'],
    subresources: [],
  };
}

/** Groups whose paths are no objects: KubeVirt's verbs, solovirt's own. Discovery names them, and of the verbs the paths. */
export const OTHER_GROUPS: readonly {
  readonly group: string;
  readonly versions: readonly string[];
}[] = [
  { group: 'subresources.kubevirt.io', versions: KUBEVIRT_VERSIONS },
  { group: 'solovirt.io', versions: ['v1'] },
];
