/** The subresources that reach into a guest: its agent is asked, for seconds at most. */
import type { GuestFilesystem, GuestUser } from '../core/agent/guest-facts.ts';
import type { GuestDetail } from '../core/agent/guest-status.ts';
import type { GuestView } from '../supervisor/guest-reads.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { dryRunBody, freezeBody } from './bodies.ts';
import type {
  GuestAgentInfo,
  GuestFilesystemList,
  GuestFilesystemView,
  GuestSubresource,
  GuestUserList,
  GuestUserView,
} from './contract-guest.ts';
import { done } from './handle-commands.ts';
import { identityOf } from './handle-reads.ts';
import { type ApiRequest, json, type Reply } from './reply.ts';
import { rfc3339 } from './rfc3339.ts';

interface GuestRead {
  readonly details: readonly GuestDetail[];
  readonly render: (view: GuestView) => GuestAgentInfo | GuestUserList | GuestFilesystemList;
}

const READS: Readonly<Record<GuestSubresource, GuestRead>> = {
  guestosinfo: {
    details: ['agent', 'users', 'filesystems', 'freezeStatus'],
    render: renderAgentInfo,
  },
  userlist: {
    details: ['users'],
    render: (view) => ({
      kind: 'VirtualMachineInstanceGuestOSUserList',
      ...observed(view),
      metadata: {},
      items: (view.details.users ?? []).map(renderUser),
    }),
  },
  filesystemlist: {
    details: ['filesystems'],
    render: (view) => ({
      kind: 'VirtualMachineInstanceFileSystemList',
      ...observed(view),
      metadata: {},
      items: (view.details.filesystems ?? []).map(renderFilesystem),
    }),
  },
};

export async function readGuest(
  supervisor: Supervisor,
  what: GuestSubresource,
  request: ApiRequest,
): Promise<Reply> {
  const { details, render } = READS[what];
  const view = await supervisor.requests.lookIntoGuest(identityOf(request), details);
  const reply = json(render(view));
  if (view.stale === undefined) return reply;
  const age = Math.max(0, Math.round((Date.now() - view.at) / 1000));
  return { ...reply, warnings: [`from ${age} s ago: ${view.stale}`] };
}

/** 200: the guest has frozen. */
export async function freeze(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  await supervisor.requests.freeze(identityOf(request), freezeBody(request.body));
  return done(identityOf(request), 200);
}

/** 200: the guest has thawed. */
export async function unfreeze(supervisor: Supervisor, request: ApiRequest): Promise<Reply> {
  const { dryRun } = dryRunBody(request.body);
  await supervisor.requests.unfreeze(identityOf(request), dryRun);
  return done(identityOf(request), 200);
}

function observed({ at }: GuestView): Pick<GuestUserList, 'apiVersion' | 'observedAt'> {
  return { apiVersion: 'subresources.kubevirt.io/v1', observedAt: rfc3339(at) };
}

function renderAgentInfo(view: GuestView): GuestAgentInfo {
  const { facts = { interfaces: [] }, details } = view;
  const { agent, users, filesystems, freezeStatus } = details;
  return {
    kind: 'VirtualMachineInstanceGuestAgentInfo',
    ...observed(view),
    ...(agent?.version === undefined ? {} : { guestAgentVersion: agent.version }),
    ...(agent === undefined ? {} : { supportedCommands: agent.commands }),
    ...(facts.hostName === undefined ? {} : { hostname: facts.hostName }),
    ...(facts.os === undefined ? {} : { os: facts.os }),
    ...(facts.timezone === undefined ? {} : { timezone: facts.timezone }),
    ...(users === undefined ? {} : { userList: users.map(renderUser) }),
    ...(filesystems === undefined ? {} : { fsInfo: { disks: filesystems.map(renderFilesystem) } }),
    ...(freezeStatus === undefined ? {} : { fsFreezeStatus: freezeStatus }),
  };
}

function renderUser({ name, ...rest }: GuestUser): GuestUserView {
  return { userName: name, ...rest };
}

function renderFilesystem({ type, disks, ...rest }: GuestFilesystem): GuestFilesystemView {
  return { ...rest, fileSystemType: type, ...(disks.length === 0 ? {} : { disk: disks }) };
}
