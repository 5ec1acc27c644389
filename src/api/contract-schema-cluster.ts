/** What namespaces, nodes, pods, services and access reviews look like, declared beside the types of `contract-cluster.ts`. */
import { declareType, field } from '../core/schema/declare.ts';
import {
  ANY_OBJECT,
  FLAG,
  listOf,
  type ObjectType,
  of,
  TEXT,
  TEXTS,
  TIME,
} from '../core/schema/schema.ts';
import type {
  AbsentObject,
  AccessReviewObject,
  NamespaceObject,
  NodeInfo,
  NodeObject,
} from './contract-cluster.ts';
import { conditionType } from './contract-schema-instance.ts';
import { OBJECT_META } from './contract-schema-meta.ts';

const CORE = 'io.k8s.api.core.v1';

export const NAMESPACE = declareType<NamespaceObject>(
  { name: 'Namespace', package: CORE, description: 'What parts VMs of one name.' },
  {
    apiVersion: field(TEXT, 'v1.'),
    kind: field(TEXT, 'Namespace.'),
    metadata: field(of(OBJECT_META), 'Its name.'),
    spec: field(ANY_OBJECT, 'Empty.'),
    status: field(
      of(
        declareType<NamespaceObject['status']>(
          { name: 'NamespaceStatus', package: CORE, description: 'That it is there.' },
          { phase: field(TEXT, 'Active.') },
        ),
      ),
      'That it is there.',
    ),
  },
);

const NODE_INFO = declareType<NodeInfo>(
  { name: 'NodeSystemInfo', package: CORE, description: 'What the host runs.' },
  {
    architecture: field(TEXT, 'The kind of its processors: amd64, arm64.'),
    operatingSystem: field(TEXT, 'linux.'),
    osImage: field(TEXT, 'Its distribution.'),
    kernelVersion: field(TEXT, 'Its kernel.'),
    bootID: field(TEXT, 'Another one after each boot.'),
    kubeletVersion: field(TEXT, 'Which solovirt answers.'),
    containerRuntimeVersion: field(TEXT, 'The same.'),
  },
);

const NODE_ADDRESS = declareType<NodeObject['status']['addresses'][number]>(
  { name: 'NodeAddress', package: CORE, description: 'A name of the host.' },
  { type: field(TEXT, 'Hostname.'), address: field(TEXT, 'The name.') },
);

const CONDITION = conditionType('NodeCondition');
const NODE_CONDITION: ObjectType = {
  ...CONDITION,
  package: CORE,
  fields: { ...CONDITION.fields, lastHeartbeatTime: field(TIME, 'Since when it is said.') },
};

const NODE_STATUS = declareType<NodeObject['status']>(
  { name: 'NodeStatus', package: CORE, description: 'What the host has.' },
  {
    capacity: field(TEXTS, 'Its CPUs and its memory.'),
    allocatable: field(TEXTS, 'The same.'),
    conditions: field(listOf(NODE_CONDITION), 'What is and what is not the case.'),
    addresses: field(listOf(NODE_ADDRESS), 'Its name.'),
    nodeInfo: field(of(NODE_INFO), 'What it runs.'),
  },
);

export const NODE = declareType<NodeObject>(
  { name: 'Node', package: CORE, description: 'This host.' },
  {
    apiVersion: field(TEXT, 'v1.'),
    kind: field(TEXT, 'Node.'),
    metadata: field(of(OBJECT_META), 'Its name.'),
    spec: field(
      of(
        declareType<NodeObject['spec']>(
          { name: 'NodeSpec', package: CORE, description: 'Whether it runs guests.' },
          { unschedulable: field(FLAG, 'True while the host is drained.') },
        ),
      ),
      'Whether it runs guests.',
    ),
    status: field(of(NODE_STATUS), 'What it has.'),
  },
);

export const POD = absentType('Pod', 'There are none: guests are processes of the host.');
export const SERVICE = absentType(
  'Service',
  'There are none: ports of guests are reached directly.',
);

function absentType(name: AbsentObject['kind'], description: string): ObjectType {
  return declareType<AbsentObject>(
    { name, package: CORE, description },
    {
      apiVersion: field(TEXT, 'v1.'),
      kind: field(TEXT, `${name}.`),
      metadata: field(of(OBJECT_META), 'Its name.'),
    },
  );
}

export const ACCESS_REVIEW = reviewType(
  'SelfSubjectAccessReview',
  'Whether something can be done.',
);
export const RULES_REVIEW = reviewType('SelfSubjectRulesReview', 'All that can be done.');

function reviewType(name: string, description: string): ObjectType {
  return declareType<AccessReviewObject>(
    { name, package: 'io.k8s.api.authorization.v1', description },
    {
      apiVersion: field(TEXT, 'authorization.k8s.io/v1.'),
      kind: field(TEXT, `${name}.`),
      metadata: field(ANY_OBJECT, 'Empty.'),
      spec: field(ANY_OBJECT, 'What is asked.'),
      status: field(ANY_OBJECT, 'The answer.'),
    },
    ['spec'],
  );
}
