/**
 * `solovirt guest`, `userlist` and `fslist`: what the agent in a guest tells of it.
 */
import {
  type GuestAgentInfo,
  type GuestFilesystemList,
  type GuestSubresource,
  type GuestUserList,
  guestPath,
} from '../../api/contract-guest.ts';
import { type Client, getInstance } from '../../client/client.ts';
import { isGuestAgentInfo, isGuestList } from '../../client/guards-guest.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { type CliContext, writeOut } from '../context.ts';
import { ApiError } from '../errors.ts';
import { explainRefusal } from '../explain-refusal.ts';
import { filesystemTable, guestPage, staleness, userTable } from '../format/guest-page.ts';
import { type DataFormat, renderData } from '../format/output.ts';
import type { Display } from '../format/paint.ts';

export type GuestPage = 'guest' | 'userlist' | 'fslist';

interface GuestFlags {
  readonly page: GuestPage;
  readonly output?: DataFormat;
  readonly display: Display;
}

type Told = GuestAgentInfo | GuestUserList | GuestFilesystemList;

export async function guest(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  { page, output, display }: GuestFlags,
): Promise<void> {
  const told = await ask(client, vm, page);
  const now = context.now();
  if (output !== undefined) await writeOut(context, await renderData(told, output));
  else if (told.kind === 'VirtualMachineInstanceGuestOSUserList')
    await writeOut(context, userTable(told.items, now, display));
  else if (told.kind === 'VirtualMachineInstanceFileSystemList')
    await writeOut(context, filesystemTable(told.items, now, display));
  else {
    const { status } = await getInstance(client, vm);
    await writeOut(context, guestPage({ told, interfaces: status.interfaces ?? [] }, now, display));
  }
  const old = staleness(told, now);
  if (old !== undefined) context.stderr.write(`warning: ${old}\n`);
}

const PATHS: Readonly<Record<GuestPage, GuestSubresource>> = {
  guest: 'guestosinfo',
  userlist: 'userlist',
  fslist: 'filesystemlist',
};

async function ask(client: Client, vm: VmIdentity, page: GuestPage): Promise<Told> {
  const path = guestPath(vm.namespace, vm.name, PATHS[page]);
  try {
    return page === 'guest'
      ? await client.get(path, isGuestAgentInfo)
      : await client.get(path, isGuestList);
  } catch (error) {
    throw error instanceof ApiError ? await explainRefusal(client, vm, 'reach', error) : error;
  }
}
