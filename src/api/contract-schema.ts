/**
 * What the objects of the API look like: KubeVirt's kinds with the status as it is rendered here. What a file may hold
 * comes from the readers, everything else is declared beside the types of `contract*.ts`. OpenAPI and `explain` are made
 * from these.
 */
import { VIRTUAL_MACHINE } from '../core/manifest/sections/virtual-machine.ts';
import { RUN_STRATEGIES } from '../core/model/virtual-machine.ts';
import { declareType, field, ownField } from '../core/schema/declare.ts';
import { objectTypeOf } from '../core/schema/from-readers.ts';
import {
  FLAG,
  INTEGER,
  listOf,
  type ObjectType,
  of,
  oneOf,
  TEXT,
  TEXTS,
  TIME,
  typeWithin,
} from '../core/schema/schema.ts';
import type { VmStatus } from './contract.ts';
import {
  ACCESS_REVIEW,
  NAMESPACE,
  NODE,
  POD,
  RULES_REVIEW,
  SERVICE,
} from './contract-schema-cluster.ts';
import { EVENT_V1 } from './contract-schema-events.ts';
import { conditionType, INSTANCE_STATUS } from './contract-schema-instance.ts';
import { EVENT, OBJECT_META } from './contract-schema-meta.ts';
import { CONFIG_MAP_TYPE, NETWORK_TYPE, SECRET_TYPE } from './contract-schema-objects.ts';
import { HELD, INSTANCE_VIEW, PROBLEM, RUN } from './contract-schema-runs.ts';
import type { ResourceRow } from './resources.ts';

const START_FAILURE = declareType<NonNullable<VmStatus['startFailure']>>(
  { name: 'VirtualMachineStartFailure', description: 'A backoff after unstable ends.' },
  {
    consecutiveFailCount: field(INTEGER, 'Unstable ends in a row.'),
    lastFailedVMIUID: field(TEXT, 'The uid of the last of them.'),
    retryAfterTimestamp: field(TIME, 'When the run strategy tries again.'),
  },
);

const STATE_CHANGE_REQUEST = declareType<{
  readonly action: string;
  readonly uid?: string;
  readonly data?: Readonly<Record<string, string>>;
}>(
  { name: 'VirtualMachineStateChangeRequest', description: 'A wish that is not carried out yet.' },
  {
    action: field(oneOf('Start', 'Stop'), 'What is wanted.'),
    uid: field(TEXT, 'The instance that it concerns.'),
    data: field(TEXTS, 'How: paused is "true" for a start with the CPUs stopped.'),
  },
  ['action'],
);

export const VM_STATUS = declareType<VmStatus>(
  { name: 'VirtualMachineStatus', description: 'What is the case with a VM.' },
  {
    created: field(FLAG, 'An instance exists.'),
    ready: field(FLAG, 'The guest runs and is not paused.'),
    printableStatus: field(TEXT, 'The state of the VM in one word, for people.'),
    runStrategy: field(oneOf(...RUN_STRATEGIES), 'The run strategy that was last acted upon.'),
    desiredGeneration: field(INTEGER, 'Counts the edits of the spec.'),
    observedGeneration: field(INTEGER, 'The edit that the live instance was made from.'),
    conditions: field(
      listOf(conditionType('VirtualMachineCondition')),
      'What is and what is not the case.',
    ),
    startFailure: field(of(START_FAILURE), 'The backoff, while one is counted.'),
    stateChangeRequests: field(
      listOf(STATE_CHANGE_REQUEST),
      'Starts and stops that are not carried out yet.',
    ),
    problems: ownField(listOf(PROBLEM), "Faults of the VM's file."),
    file: ownField(TEXT, "The VM's file, as an absolute path."),
    instance: ownField(of(INSTANCE_VIEW), 'The instance that lives.'),
    held: ownField(of(HELD), 'A start or a stop that is due and waits.'),
    runHistory: ownField(listOf(RUN), 'The last ten runs that ended, newest first.'),
  },
  ['created', 'ready', 'printableStatus', 'conditions', 'runHistory'],
);

const FILE_VM = objectTypeOf(VIRTUAL_MACHINE, { ObjectMeta: OBJECT_META });

export const VM_TYPE: ObjectType = {
  ...FILE_VM,
  fields: {
    ...FILE_VM.fields,
    status: field(of(VM_STATUS), 'What is the case, and what happened before.'),
  },
  // Kubernetes fills in or checks the others itself.
  required: ['spec'],
};

export const INSTANCE_TYPE: ObjectType = {
  name: 'VirtualMachineInstance',
  description: 'One run of a virtual machine, from its start to its verdict. Made by solovirt.',
  fields: {
    apiVersion: field(TEXT, 'The version of the object.'),
    kind: field(TEXT, 'VirtualMachineInstance.'),
    metadata: field(of(OBJECT_META), 'The name is that of the VM; the uid is new for each run.'),
    spec: field(of(inside(FILE_VM, 'spec', 'template', 'spec')), 'What the run is made of.'),
    status: field(of(INSTANCE_STATUS), 'What is the case.'),
  },
  required: ['spec'],
  refused: [],
};

/** The objects that are listed and watched, by their kind; `resources.ts` has a row for each. */
/** The type of a kind's objects. */
export function kindType({
  group,
  kind,
}: Pick<ResourceRow, 'group' | 'kind'>): ObjectType | undefined {
  return KIND_TYPES[`${kind}.${group}`] ?? KIND_TYPES[kind];
}

export const KIND_TYPES: Readonly<Record<string, ObjectType>> = {
  VirtualMachine: VM_TYPE,
  VirtualMachineInstance: INSTANCE_TYPE,
  Event: EVENT,
  'Event.events.k8s.io': EVENT_V1,
  Secret: SECRET_TYPE,
  ConfigMap: CONFIG_MAP_TYPE,
  NetworkAttachmentDefinition: NETWORK_TYPE,
  Namespace: NAMESPACE,
  Node: NODE,
  Pod: POD,
  Service: SERVICE,
  SelfSubjectAccessReview: ACCESS_REVIEW,
  SelfSubjectRulesReview: RULES_REVIEW,
};

function inside(type: ObjectType, ...path: readonly string[]): ObjectType {
  return path.reduce((outer, name) => {
    const inner = outer.fields[name] && typeWithin(outer.fields[name].schema);
    if (inner === undefined) throw new Error(`${outer.name} has no object ${name}`);
    return inner;
  }, type);
}

/** What stands in `apiVersion` of objects of a kind; `v1` for those that are not listed. */
export const KIND_VERSIONS: Readonly<Record<string, string>> = {
  VirtualMachine: 'kubevirt.io/v1',
  VirtualMachineInstance: 'kubevirt.io/v1',
  NetworkAttachmentDefinition: 'k8s.cni.cncf.io/v1',
};

/** The other names of the kinds, as in discovery. */
export const KIND_NAMES: Readonly<Record<string, readonly string[]>> = {
  VirtualMachine: ['vm', 'vms', 'virtualmachine', 'virtualmachines'],
  VirtualMachineInstance: ['vmi', 'vmis', 'virtualmachineinstance', 'virtualmachineinstances'],
  Event: ['ev', 'event', 'events'],
  Secret: ['secret', 'secrets'],
  ConfigMap: ['cm', 'configmap', 'configmaps'],
  NetworkAttachmentDefinition: [
    'net-attach-def',
    'network-attachment-definition',
    'network-attachment-definitions',
  ],
};
