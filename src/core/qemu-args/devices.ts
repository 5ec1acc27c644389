/** All devices of a guest in one list. Its order fixes PCI addresses: network interfaces first. */
import type { HostNetwork } from '../model/host-network.ts';
import type { InstanceSpec, VmIdentity } from '../model/virtual-machine.ts';
import { agentDevices } from './agent-channel.ts';
import { bootIndices } from './boot-order.ts';
import { attachDisks, diskDevices } from './disk-devices.ts';
import { jsonOption } from './encode.ts';
import { filesystemDevices } from './filesystems.ts';
import { type GuestDevice, placeDevices } from './guest-device.ts';
import type { PreparedDisk } from './input.ts';
import { networkDevices } from './network.ts';
import { smallDevices } from './small-devices.ts';
import { tpmDevices } from './tpm.ts';
import { usbDevices, usbTablets, virtioTablets } from './usb.ts';
import { vsockDevices } from './vsock.ts';

/**
 * @param prepared runs parallel to `spec.disks`
 * @param networks those of the host that the interfaces name
 */
export interface OfHost {
  readonly networks?: readonly HostNetwork[];
  readonly vsockCid?: number | undefined;
}

export function guestDevices(
  vm: VmIdentity,
  spec: InstanceSpec,
  prepared: readonly PreparedDisk[],
  { networks = [], vsockCid }: OfHost = {},
): readonly GuestDevice[] {
  const boot = bootIndices(spec);
  const disks = attachDisks(spec.disks, prepared, boot);
  const devices = [
    ...networkDevices(vm, spec.interfaces, boot, networks),
    ...diskDevices(disks),
    ...usbDevices(disks, usbTablets(spec)),
    ...smallDevices(spec),
    ...tpmDevices(spec),
    ...virtioTablets(spec),
    ...filesystemDevices(spec),
    ...vsockDevices(vsockCid),
  ];
  return [...devices, ...agentDevices(devices)];
}

export function deviceArgs(spec: InstanceSpec, devices: readonly GuestDevice[]): readonly string[] {
  return placeDevices(spec.machineType, devices).flatMap((properties) =>
    jsonOption('-device', properties),
  );
}
