/** Whether an answer about the inside of a guest is what the contract says, as far as the client relies on it. */
import type { GuestAgentInfo, GuestFilesystemList, GuestUserList } from '../api/contract-guest.ts';

export function isGuestAgentInfo(value: unknown): value is GuestAgentInfo {
  return kindOf(value) === 'VirtualMachineInstanceGuestAgentInfo';
}

export function isGuestList(value: unknown): value is GuestUserList | GuestFilesystemList {
  const kind = kindOf(value);
  const isList =
    kind === 'VirtualMachineInstanceGuestOSUserList' ||
    kind === 'VirtualMachineInstanceFileSystemList';
  return isList && Array.isArray((value as { readonly items?: unknown }).items);
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}
