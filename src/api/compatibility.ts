/**
 * How each verb and each subresource of KubeVirt's API stands here, one row each: docs/compatibility.md is written from
 * these rows, the routes that refuse what a single host cannot do are made from them, and a test holds them against the
 * other routes. The fields of the status are in `compatibility-status.ts`.
 */
import { differs, notHere, notYet, type Standing, WORKS } from './compatibility-standing.ts';
import type { ResourceVerb } from './resources.ts';

type Verbs = Readonly<Record<ResourceVerb, Standing>>;

/** On objects: `ResourceRow.plural` of KubeVirt's group, and the verb. */
export const VERB_STANDING: Readonly<Record<'virtualmachines' | 'virtualmachineinstances', Verbs>> =
  {
    virtualmachines: {
      get: WORKS,
      list: WORKS,
      watch: WORKS,
      create: differs('the VM is written into a file of its own'),
      update: differs('the file is changed, and keeps its comments and its order'),
      patch: differs(
        'as update; JSON patches and merge patches. Server-side apply is answered with 415: files have no field managers',
      ),
      delete: differs('the document is taken out of its file; the guest is shut down first'),
      deletecollection: differs('as delete'),
    },
    virtualmachineinstances: {
      get: WORKS,
      list: WORKS,
      watch: WORKS,
      create: notHere('instances are made for VMs alone; create a VirtualMachine'),
      update: notHere(
        'an instance is what its VM was when it started; change the VM and restart it',
      ),
      patch: notHere(
        'an instance is what its VM was when it started; change the VM and restart it',
      ),
      delete: differs('the guest is shut down, and the run strategy decides what comes next'),
      deletecollection: notHere('stop the VMs one by one'),
    },
  };

export interface SubresourceStanding {
  readonly method: 'GET' | 'PUT';
  /** Below the namespace: `virtualmachines/:name/start`. */
  readonly path: string;
  readonly standing: Standing;
}

const VM = 'virtualmachines/:name';
const INSTANCE = 'virtualmachineinstances/:name';

function on(
  paths: readonly string[],
  method: 'GET' | 'PUT',
  verb: string,
  standing: Standing,
): readonly SubresourceStanding[] {
  return paths.map((path) => ({ method, path: `${path}/${verb}`, standing }));
}

const BOTH = [VM, INSTANCE];
const ONE_NODE = notHere('there is no other node that the guest could move to');
const NO_PLUGGING = notYet('add the volume to the file of the VM and restart it');
const NO_UNPLUGGING = notYet('remove the volume from the file of the VM and restart it');
const NO_DUMP = notYet(
  'guests leave dumps of their memory when they panic (solovirt.io/panic-dumps), and not on command',
);
const GUEST_READ = differs(
  'without an agent 409, one that does not answer 503 or what it said last; KubeVirt answers 500',
);
const PORTS = differs('TCP alone, also to ports that are not forwarded otherwise');
const NO_SEV = notYet('guests have no encrypted memory (launchSecurity is refused in a file)');
const NO_BACKUP = notYet('copy the disk while the VM is stopped, or frozen by its agent');

/** What answers below instances answers below VMs as well: rows are only for what KubeVirt has. */
export const SUBRESOURCE_STANDING: readonly SubresourceStanding[] = [
  ...on([VM], 'PUT', 'start', differs('also starts a VM that waits in its backoff, at once')),
  ...on(
    [VM],
    'PUT',
    'stop',
    differs('in every state; RerunOnFailure becomes Halted unless strategyTable is kubevirt-v1'),
  ),
  ...on([VM], 'PUT', 'restart', differs('takes any gracePeriodSeconds, not 0 alone')),
  ...on([VM], 'PUT', 'migrate', ONE_NODE),
  ...on(BOTH, 'PUT', 'evacuate/cancel', ONE_NODE),
  ...on(BOTH, 'PUT', 'addvolume', NO_PLUGGING),
  ...on(BOTH, 'PUT', 'removevolume', NO_UNPLUGGING),
  ...on([VM], 'PUT', 'memorydump', NO_DUMP),
  ...on([VM], 'PUT', 'removememorydump', NO_DUMP),
  ...on(
    [VM],
    'GET',
    'expand-spec',
    differs('there are no instance types, so that the spec is as written'),
  ),
  ...on(BOTH, 'GET', 'objectgraph', differs('a VM and its instance; a host has no other objects')),
  ...on(BOTH, 'GET', 'portforward/:port', PORTS),
  ...on(BOTH, 'GET', 'portforward/:port/:protocol', PORTS),
  ...on([INSTANCE], 'PUT', 'pause', differs('also with a liveness probe, which rests meanwhile')),
  ...on([INSTANCE], 'PUT', 'unpause', WORKS),
  ...on([INSTANCE], 'PUT', 'reset', WORKS),
  ...on(
    [INSTANCE],
    'PUT',
    'softreboot',
    differs('the power button, then a start of the same QEMU'),
  ),
  ...on([INSTANCE], 'PUT', 'freeze', differs('without unfreezeTimeout 400; KubeVirt answers 500')),
  ...on([INSTANCE], 'PUT', 'unfreeze', WORKS),
  ...on(
    [INSTANCE],
    'GET',
    'console',
    differs(
      'several viewers at once, and each is shown what was said before; KubeVirt ends the earlier one',
    ),
  ),
  ...on([INSTANCE], 'GET', 'vnc', WORKS),
  ...on(
    [INSTANCE],
    'GET',
    'vnc/screenshot',
    differs('moveCursor has no effect, and none is needed'),
  ),
  ...on([INSTANCE], 'GET', 'guestosinfo', GUEST_READ),
  ...on([INSTANCE], 'GET', 'userlist', GUEST_READ),
  ...on([INSTANCE], 'GET', 'filesystemlist', GUEST_READ),
  ...on(
    [INSTANCE],
    'GET',
    'usbredir',
    notYet(
      'USB devices of clients are not passed on to guests (clientPassthrough is refused in a file)',
    ),
  ),
  ...on(
    [INSTANCE],
    'GET',
    'vsock',
    notYet('connect from the host itself, to the VSOCKCID of the status'),
  ),
  ...on([INSTANCE], 'PUT', 'backup', NO_BACKUP),
  ...on([INSTANCE], 'PUT', 'redefine-checkpoint', NO_BACKUP),
  ...on([INSTANCE], 'GET', 'sev/fetchcertchain', NO_SEV),
  ...on([INSTANCE], 'GET', 'sev/querylaunchmeasurement', NO_SEV),
  ...on([INSTANCE], 'PUT', 'sev/setupsession', NO_SEV),
  ...on([INSTANCE], 'PUT', 'sev/injectlaunchsecret', NO_SEV),
  {
    method: 'PUT',
    path: 'expand-vm-spec',
    standing: differs(
      'checks the VM as a file is checked; there are no instance types, so that the spec is as sent',
    ),
  },
];

/** Of the whole API, beside the namespaces: `/apis/subresources.kubevirt.io/v1/version`. */
export const HOST_STANDING: readonly SubresourceStanding[] = [
  { method: 'GET', path: 'version', standing: WORKS },
  { method: 'GET', path: 'healthz', standing: WORKS },
  {
    method: 'GET',
    path: 'guestfs',
    standing: notHere(
      'there is no container of libguestfs-tools; run guestfish on the host, on a disk of a stopped VM',
    ),
  },
  ...['start', 'stop', 'dump'].map(
    (verb): SubresourceStanding => ({
      method: 'GET',
      path: `${verb}-cluster-profiler`,
      standing: notHere('there is no cluster to profile'),
    }),
  ),
];
