/**
 * What clients are told about the inside of a guest. Shapes are KubeVirt's (kubevirt.io/api/core/v1), and so are the paths
 * below `virtualmachineinstances/NAME`; they answer below `virtualmachines/NAME` too.
 */

import type { GuestOs } from '../core/agent/guest-facts.ts';
import { SUBRESOURCES_API } from './contract-paths.ts';

/** GET, each. */
export type GuestSubresource = 'guestosinfo' | 'userlist' | 'filesystemlist';

export function guestPath(
  namespace: string,
  name: string,
  what: GuestSubresource | 'freeze' | 'unfreeze',
): string {
  const scope = `${SUBRESOURCES_API}/namespaces/${encodeURIComponent(namespace)}`;
  return `${scope}/virtualmachineinstances/${encodeURIComponent(name)}/${what}`;
}

/** solovirt's own addition to each of these answers. */
interface Observed {
  readonly apiVersion: 'subresources.kubevirt.io/v1';
  /** When the guest said so: now, unless it does not answer. */
  readonly observedAt: string;
}

/** `VirtualMachineInstanceGuestOSUser`. */
export interface GuestUserView {
  readonly userName: string;
  readonly domain?: string;
  /** Seconds since 1970. */
  readonly loginTime?: number;
}

/** `VirtualMachineInstanceFileSystem`. */
export interface GuestFilesystemView {
  readonly diskName: string;
  readonly mountPoint: string;
  readonly fileSystemType: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** `VirtualMachineInstanceFileSystemDisk`. */
  readonly disk?: readonly { readonly serial?: string; readonly busType: string }[];
}

/** `VirtualMachineInstanceGuestAgentInfo`: GET guestosinfo. */
export interface GuestAgentInfo extends Observed {
  readonly kind: 'VirtualMachineInstanceGuestAgentInfo';
  readonly guestAgentVersion?: string;
  readonly supportedCommands?: readonly { readonly name: string; readonly enabled: boolean }[];
  readonly hostname?: string;
  readonly os?: GuestOs;
  readonly timezone?: string;
  readonly userList?: readonly GuestUserView[];
  readonly fsInfo?: { readonly disks: readonly GuestFilesystemView[] };
  readonly fsFreezeStatus?: 'frozen' | 'thawed';
}

/** `VirtualMachineInstanceGuestOSUserList`: GET userlist. */
export interface GuestUserList extends Observed {
  readonly kind: 'VirtualMachineInstanceGuestOSUserList';
  readonly metadata: Record<string, never>;
  readonly items: readonly GuestUserView[];
}

/** `VirtualMachineInstanceFileSystemList`: GET filesystemlist. */
export interface GuestFilesystemList extends Observed {
  readonly kind: 'VirtualMachineInstanceFileSystemList';
  readonly metadata: Record<string, never>;
  readonly items: readonly GuestFilesystemView[];
}

/** `FreezeUnfreezeTimeout`: PUT freeze. */
export interface FreezeOptions {
  /** As Go writes it: `5m`, `1m30s`; `0s`: until it is asked to thaw. */
  readonly unfreezeTimeout: string;
  readonly dryRun?: readonly ['All'];
}
