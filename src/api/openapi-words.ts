/**
 * What the routes are for that are no objects: one row for each, which a test asks for. The key is the method and the
 * path as `routes.ts` writes it.
 */
import { FLAG, INTEGER, type ObjectType, oneOf, TEXT } from '../core/schema/schema.ts';
import { DRAIN_PATH, SOLOVIRT_API, SUBRESOURCES_API } from './contract-paths.ts';
import { PREFLIGHT_PATH } from './contract-preflight.ts';
import { VM_TYPE } from './contract-schema.ts';
import {
  FREEZE_OPTIONS,
  GUEST_AGENT_INFO,
  GUEST_FILESYSTEM_LIST,
  GUEST_USER_LIST,
} from './contract-schema-guest.ts';
import { STATUS } from './contract-schema-meta.ts';
import {
  DRAIN_OPTIONS,
  PAUSE_OPTIONS,
  RESET_OPTIONS,
  RESTART_OPTIONS,
  SOFT_REBOOT_OPTIONS,
  START_OPTIONS,
  STOP_OPTIONS,
  UNFREEZE_OPTIONS,
  UNPAUSE_OPTIONS,
} from './contract-schema-options.ts';
import { RUN_LIST } from './contract-schema-runs.ts';
import { UPLOAD_PATH } from './handle-upload.ts';
import { type Parameter, query } from './openapi-parameters.ts';

export interface OperationWords {
  readonly summary: string;
  readonly query?: readonly Parameter[];
  readonly body?: ObjectType;
  /** Of a body that is no described object. */
  readonly bodyTypes?: readonly string[];
  /** Type of the answer, where it is one that is described. */
  readonly answer?: ObjectType;
  /** `application/json` unless given. */
  readonly answerTypes?: readonly string[];
  /** 200 unless given. */
  readonly code?: number;
}

const VMS = '/apis/kubevirt.io/v1/namespaces/:namespace/virtualmachines';
const VM_VERBS = '/apis/subresources.kubevirt.io/v1/namespaces/:namespace/virtualmachines/:name';
const INSTANCE_VERBS =
  '/apis/subresources.kubevirt.io/v1/namespaces/:namespace/virtualmachineinstances/:name';

const DISCOVERY: Readonly<Record<string, OperationWords>> = {
  'GET /version': { summary: 'The version of the API and of solovirt' },
  'GET /healthz': { summary: 'Whether the daemon answers' },
  'GET /api': { summary: 'The versions of the core group' },
  'GET /api/:version': { summary: 'The kinds of objects of the core group' },
  'GET /apis': { summary: 'The API groups' },
  'GET /apis/:group': { summary: 'One API group' },
  'GET /apis/:group/:version': { summary: 'The kinds of objects of an API group' },
  'GET /openapi/v2': {
    summary: 'The API as an OpenAPI 2.0 document',
    answerTypes: ['application/json', 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'],
  },
  'GET /openapi/v3': { summary: 'Where the OpenAPI 3.0 documents are' },
  'GET /openapi/v3/:root': {
    summary: 'One part of the API as an OpenAPI 3.0 document',
    query: [query('hash', TEXT, 'The document that the index named.')],
  },
  'GET /openapi/v3/api/:version': {
    summary: 'The core group as an OpenAPI 3.0 document',
    query: [query('hash', TEXT, 'The document that the index named.')],
  },
  'GET /openapi/v3/apis/:group/:version': {
    summary: 'An API group as an OpenAPI 3.0 document',
    query: [query('hash', TEXT, 'The document that the index named.')],
  },
};

const OWN: Readonly<Record<string, OperationWords>> = {
  [`GET ${SOLOVIRT_API}/info`]: {
    summary: 'The daemon, QEMU, the accelerator and the directories',
  },
  [`PUT ${UPLOAD_PATH}`]: {
    summary: 'Send the image of a disk to a claim that has none',
    query: [
      query('size', INTEGER, 'What the guest is to see, in bytes.'),
      query('dryRun', oneOf('All'), 'Only tell whether it would be taken.'),
    ],
    bodyTypes: ['application/octet-stream'],
    code: 201,
  },
  [`POST ${PREFLIGHT_PATH}`]: {
    bodyTypes: ['application/yaml'],
    summary:
      'What the host would say of the VMs of a file, whose text is the body (application/yaml)',
  },
  'GET /metrics': {
    summary: 'Metrics for Prometheus',
    answerTypes: ['text/plain', 'application/openmetrics-text'],
  },
  [`GET ${SOLOVIRT_API}/stats`]: { summary: 'What each VM uses' },
  [`GET ${SOLOVIRT_API}/namespaces/:namespace/stats`]: {
    summary: 'What each VM of a namespace uses',
  },
  [`GET ${SOLOVIRT_API}/namespaces/:namespace/virtualmachines/:name/stats`]: {
    summary: 'What a VM uses',
  },
  [`PUT ${DRAIN_PATH}`]: {
    summary: 'Stop every guest and start none',
    body: DRAIN_OPTIONS,
    answer: STATUS,
    code: 202,
  },
  [`DELETE ${DRAIN_PATH}`]: {
    summary: 'Let run strategies act again',
    query: [query('dryRun', oneOf('All'), 'Check everything and change nothing.')],
    answer: STATUS,
  },
  [`GET ${VMS}/:name/status`]: {
    summary: 'Read VirtualMachine',
    answer: VM_TYPE,
  },
  [`GET ${VMS}/:name/manifest`]: {
    summary: 'The YAML text of the document that declares the VM',
    answerTypes: ['text/yaml'],
  },
  [`PUT ${VMS}/:name/manifest`]: {
    summary: 'Replace the text of the document that declares the VM',
    query: [query('dryRun', oneOf('All'), 'Check everything and change nothing.')],
    bodyTypes: ['text/yaml', 'application/yaml'],
    answer: VM_TYPE,
  },
  [`GET ${VMS}/:name/runs`]: {
    summary: 'All runs of a VM that are known, with their evidence',
    answer: RUN_LIST,
  },
  [`GET ${VM_VERBS}/logs`]: {
    summary: 'The serial console of a VM, or what its QEMU said',
    query: [
      query('stream', oneOf('console', 'qemu'), 'Which of the two.'),
      query('tail', INTEGER, 'Only the last lines.'),
      query('follow', FLAG, 'Go on as more comes.'),
      query('run', TEXT, 'The uid of an earlier run.'),
    ],
    answerTypes: ['text/plain'],
  },
};

function command(summary: string, body: ObjectType, code: number): OperationWords {
  return { summary, body, answer: STATUS, code };
}

const COMMANDS: Readonly<Record<string, OperationWords>> = {
  [`PUT ${VM_VERBS}/start`]: command('Start a VM', START_OPTIONS, 202),
  [`PUT ${VM_VERBS}/stop`]: command('Stop a VM', STOP_OPTIONS, 202),
  [`PUT ${VM_VERBS}/restart`]: command('Restart a VM', RESTART_OPTIONS, 202),
  ...onBoth('pause', command("Stop the guest's CPUs", PAUSE_OPTIONS, 200)),
  ...onBoth('unpause', command("Let the guest's CPUs go on", UNPAUSE_OPTIONS, 200)),
  ...onBoth('reset', command('Reset the guest', RESET_OPTIONS, 200)),
  ...onBoth('softreboot', command('Ask the guest to reboot', SOFT_REBOOT_OPTIONS, 200)),
};

const PORT: OperationWords = { summary: 'A TCP connection to a port of the guest, by WebSocket' };

const LINES: Readonly<Record<string, OperationWords>> = {
  ...onBoth(
    'console',
    {
      summary: 'The serial console of the guest, by WebSocket',
      query: [query('scrollback', INTEGER, 'Bytes of what was said before, at most.')],
    },
    'GET',
  ),
  ...onBoth(
    'vnc',
    {
      summary: 'The graphical console of the guest (RFB), by WebSocket',
      query: [query('preserveSession', FLAG, 'Let a viewer that is there keep its place.')],
    },
    'GET',
  ),
  ...onBoth(
    'vnc/screenshot',
    {
      summary: "A picture of the guest's display",
      query: [query('moveCursor', FLAG, 'Taken from KubeVirt, without an effect.')],
      answerTypes: ['image/png'],
    },
    'GET',
  ),
  ...onBoth('portforward/:port', PORT, 'GET'),
  ...onBoth('portforward/:port/:protocol', PORT, 'GET'),
};

const GUEST: Readonly<Record<string, OperationWords>> = {
  ...onBoth(
    'guestosinfo',
    { summary: 'What the agent in the guest tells', answer: GUEST_AGENT_INFO },
    'GET',
  ),
  ...onBoth(
    'userlist',
    { summary: 'Who is logged in in the guest', answer: GUEST_USER_LIST },
    'GET',
  ),
  ...onBoth(
    'filesystemlist',
    { summary: 'The file systems of the guest', answer: GUEST_FILESYSTEM_LIST },
    'GET',
  ),
  ...onBoth('freeze', command("Freeze the guest's file systems", FREEZE_OPTIONS, 200)),
  ...onBoth('unfreeze', command("Thaw the guest's file systems", UNFREEZE_OPTIONS, 200)),
};

/** Verbs of instances answer at the VM's path, too. */
function onBoth(
  verb: string,
  words: OperationWords,
  method: 'GET' | 'PUT' = 'PUT',
): Readonly<Record<string, OperationWords>> {
  return {
    [`${method} ${VM_VERBS}/${verb}`]: words,
    [`${method} ${INSTANCE_VERBS}/${verb}`]: words,
  };
}

const READS: Readonly<Record<string, OperationWords>> = {
  [`GET ${VM_VERBS}/expand-spec`]: {
    summary: 'A VM with its instance type expanded: the VM as it is',
    answer: VM_TYPE,
  },
  [`PUT ${SUBRESOURCES_API}/namespaces/:namespace/expand-vm-spec`]: {
    summary: 'Check a VM as a file is checked, and expand its instance type: the VM as it was sent',
    body: VM_TYPE,
    answer: VM_TYPE,
  },
  [`GET ${VM_VERBS}/objectgraph`]: { summary: 'The objects that belong to a VM' },
  [`GET ${INSTANCE_VERBS}/objectgraph`]: { summary: 'The objects that belong to an instance' },
  [`GET ${SUBRESOURCES_API}/version`]: { summary: 'The version of KubeVirt whose API this is' },
  [`GET ${SUBRESOURCES_API}/healthz`]: {
    summary: 'Whether the daemon answers, as KubeVirt says it',
  },
};

export const OPERATION_WORDS: Readonly<Record<string, OperationWords>> = {
  ...DISCOVERY,
  ...OWN,
  ...LINES,
  ...COMMANDS,
  ...GUEST,
  ...READS,
};
