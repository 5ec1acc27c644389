/** How each field of the status of KubeVirt's objects stands here; a test holds the rows against the types of the objects. */
import { differs, notHere, notYet, type Standing, WORKS } from './compatibility-standing.ts';

const MIGRATION = notHere('there is no other node');
const INSTANCE_TYPES = notYet('there are no instance types and preferences');
const TRACKING = notYet('changed blocks are not tracked');

export const STATUS_STANDING: Readonly<
  Record<
    'VirtualMachineStatus' | 'VirtualMachineInstanceStatus',
    Readonly<Record<string, Standing>>
  >
> = {
  VirtualMachineStatus: {
    changedBlockTracking: TRACKING,
    conditions: differs(
      'Ready, Paused, RestartRequired and Synchronized as there; ManifestInvalid, MonitorUnresponsive and RebootLoop are additions',
    ),
    created: WORKS,
    desiredGeneration: WORKS,
    instancetypeRef: INSTANCE_TYPES,
    memoryDumpRequest: notYet('there are no memory dumps on command'),
    observedGeneration: WORKS,
    preferenceRef: INSTANCE_TYPES,
    printableStatus: differs(
      'Invalid, for a file that was never valid, is an addition; there are none of the states of scheduling, migration and unknown claims',
    ),
    ready: WORKS,
    restoreInProgress: notYet('there are no snapshots'),
    runStrategy: WORKS,
    snapshotInProgress: notYet('there are no snapshots'),
    startFailure: differs('also counts runs that were up and failed soon'),
    stateChangeRequests: WORKS,
    volumeRequests: notYet('nothing is plugged into a running guest'),
    volumeSnapshotStatuses: notYet('there are no snapshots'),
    volumeUpdateState: MIGRATION,
  },
  VirtualMachineInstanceStatus: {
    VSOCKCID: WORKS,
    activePods: notHere('there are no pods'),
    changedBlockTracking: TRACKING,
    conditions: differs(
      'Ready, Paused, AgentConnected and AccessCredentialsSynchronized as there; MonitorUnresponsive and RebootLoop are additions',
    ),
    currentCPUTopology: WORKS,
    evacuationNodeName: MIGRATION,
    fsFreezeStatus: WORKS,
    guestOSInfo: WORKS,
    interfaces: WORKS,
    kernelBootStatus: notHere('no container brings the kernel'),
    launcherContainerImageVersion: notHere('there is no launcher in a container'),
    machine: WORKS,
    memory: WORKS,
    migratedVolumes: MIGRATION,
    migrationMethod: MIGRATION,
    migrationState: MIGRATION,
    migrationTransport: MIGRATION,
    nodeName: WORKS,
    phase: WORKS,
    phaseTransitionTimestamps: WORKS,
    qosClass: notHere('there are no pods'),
    reason: differs('the reason of the verdict: why the run ended'),
    runtimeUser: notHere('there are no pods'),
    selinuxContext: notHere('there are no pods'),
    topologyHints: notHere('there is no scheduler'),
    virtualMachineRevisionName: notHere('a run keeps its template in its own record'),
    volumeStatus: differs('name and target'),
  },
};
