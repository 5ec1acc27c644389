/** What is told of the inside of a guest, declared beside the types of `contract-guest.ts`. */

import type { GuestOs } from '../core/agent/guest-facts.ts';
import { declareType, field, ownField } from '../core/schema/declare.ts';
import { FLAG, INTEGER, listOf, of, oneOf, TEXT, TIME } from '../core/schema/schema.ts';
import type { FrozenView, GuestView, PluggedView } from './contract.ts';
import type {
  FreezeOptions,
  GuestAgentInfo,
  GuestFilesystemList,
  GuestFilesystemView,
  GuestUserList,
  GuestUserView,
} from './contract-guest.ts';
import { DRY_RUN } from './contract-schema-options.ts';

const OWN = 'io.solovirt.v1';

export const GUEST_OS = declareType<GuestOs>(
  {
    name: 'VirtualMachineInstanceGuestOSInfo',
    description: 'The operating system of a guest, as its agent tells it.',
  },
  {
    id: field(TEXT, 'Its name as one word: debian.'),
    kernelRelease: field(TEXT, 'The release of its kernel.'),
    kernelVersion: field(TEXT, 'The version of its kernel.'),
    machine: field(TEXT, 'The machine that it runs on: x86_64.'),
    name: field(TEXT, 'Its name.'),
    prettyName: field(TEXT, 'Name and version, for people.'),
    version: field(TEXT, 'Its version, for people.'),
    versionId: field(TEXT, 'Its version as one word.'),
  },
);

export const GUEST_VIEW = declareType<GuestView>(
  { name: 'Guest', package: OWN, description: 'What the agent in the guest tells, in brief.' },
  {
    agent: field(oneOf('connected', 'silent'), 'Whether it answers.'),
    agentVersion: field(TEXT, 'Its version.'),
    hostName: field(TEXT, 'What the guest calls itself.'),
    os: field(TEXT, 'Its operating system.'),
    addresses: field(listOf(TEXT), 'Its addresses.'),
  },
  ['agent', 'addresses'],
);

export const PLUGGED_VIEW = declareType<PluggedView>(
  {
    name: 'PluggedInterface',
    package: OWN,
    description: 'How an interface is connected to a network of the host.',
  },
  {
    name: field(TEXT, 'Its name in the manifest.'),
    network: field(TEXT, 'NAMESPACE/NAME of the NetworkAttachmentDefinition.'),
    bridge: field(TEXT, 'The bridge.'),
    vlan: field(INTEGER, 'Its VLAN on the bridge; absent without one.'),
    tap: field(TEXT, 'The network interface on the host.'),
  },
  ['name', 'network', 'bridge'],
);

export const FROZEN_VIEW = declareType<FrozenView>(
  { name: 'Frozen', package: OWN, description: "The guest's file systems stand still." },
  {
    since: field(TIME, 'Since when.'),
    thawAt: field(TIME, 'When they are thawed without being asked; absent: never.'),
  },
  ['since'],
);

const USER = declareType<GuestUserView>(
  { name: 'VirtualMachineInstanceGuestOSUser', description: 'A user who is logged in.' },
  {
    userName: field(TEXT, 'The name.'),
    domain: field(TEXT, 'The domain of a Windows user.'),
    loginTime: field({ kind: 'any' }, 'Since when, in seconds since 1970.'),
  },
  ['userName'],
);

const DISK = declareType<{ readonly serial?: string; readonly busType: string }>(
  { name: 'VirtualMachineInstanceFileSystemDisk', description: 'A disk under a file system.' },
  {
    serial: field(TEXT, 'Its serial number.'),
    busType: field(TEXT, 'What it is attached to.'),
  },
  ['busType'],
);

const FILESYSTEM = declareType<GuestFilesystemView>(
  { name: 'VirtualMachineInstanceFileSystem', description: 'A file system that is mounted.' },
  {
    diskName: field(TEXT, 'What the guest calls its disk.'),
    mountPoint: field(TEXT, 'Where it is mounted.'),
    fileSystemType: field(TEXT, 'Its kind: ext4.'),
    usedBytes: field(INTEGER, 'What is in use.'),
    totalBytes: field(INTEGER, 'Its size.'),
    disk: field(listOf(DISK), 'The disks that it lies on.'),
  },
  ['diskName', 'mountPoint', 'fileSystemType', 'usedBytes', 'totalBytes'],
);

const AGENT_COMMAND = declareType<{ readonly name: string; readonly enabled: boolean }>(
  { name: 'GuestAgentCommandInfo', description: 'A command that the agent knows.' },
  {
    name: field(TEXT, 'Its name.'),
    enabled: field(FLAG, 'Whether it may be used.'),
  },
  ['name'],
);

const FS_INFO = declareType<NonNullable<GuestAgentInfo['fsInfo']>>(
  { name: 'VirtualMachineInstanceFileSystemInfo', description: 'The file systems of a guest.' },
  { disks: field(listOf(FILESYSTEM), 'Each that is mounted.') },
  ['disks'],
);

const ABOUT = {
  apiVersion: field(TEXT, 'subresources.kubevirt.io/v1.'),
  kind: field(TEXT, 'The kind of this object.'),
  observedAt: ownField(TIME, 'When the guest said so: now, unless it does not answer.'),
};

export const GUEST_AGENT_INFO = declareType<GuestAgentInfo>(
  { name: 'VirtualMachineInstanceGuestAgentInfo', description: 'What the agent in a guest tells.' },
  {
    ...ABOUT,
    guestAgentVersion: field(TEXT, 'The version of the agent.'),
    supportedCommands: field(listOf(AGENT_COMMAND), 'What the agent can be asked.'),
    hostname: field(TEXT, 'What the guest calls itself.'),
    os: field(of(GUEST_OS), 'Its operating system.'),
    timezone: field(TEXT, 'Its time zone, and the seconds that it is ahead of UTC.'),
    userList: field(listOf(USER), 'Who is logged in.'),
    fsInfo: field(of(FS_INFO), 'Its file systems.'),
    fsFreezeStatus: field(oneOf('frozen', 'thawed'), 'Whether its file systems stand still.'),
  },
);

const EMPTY = declareType<Record<string, never>>(
  { name: 'GuestListMeta', package: OWN, description: 'Nothing.' },
  {},
);

export const GUEST_USER_LIST = declareType<GuestUserList>(
  { name: 'VirtualMachineInstanceGuestOSUserList', description: 'Who is logged in in a guest.' },
  { ...ABOUT, metadata: field(of(EMPTY), 'Nothing.'), items: field(listOf(USER), 'The users.') },
  ['items'],
);

export const GUEST_FILESYSTEM_LIST = declareType<GuestFilesystemList>(
  { name: 'VirtualMachineInstanceFileSystemList', description: 'The file systems of a guest.' },
  {
    ...ABOUT,
    metadata: field(of(EMPTY), 'Nothing.'),
    items: field(listOf(FILESYSTEM), 'Each that is mounted.'),
  },
  ['items'],
);

export const FREEZE_OPTIONS = declareType<FreezeOptions>(
  { name: 'FreezeUnfreezeTimeout', description: "How to freeze a guest's file systems." },
  {
    unfreezeTimeout: field(
      TEXT,
      'After how long they are thawed without being asked: 5m, 1m30s; 0s: never.',
    ),
    dryRun: DRY_RUN,
  },
  ['unfreezeTimeout'],
);
