/**
 * Network interfaces. In user mode (`masquerade`) each has a small NAT network of its own, with the addresses that
 * KubeVirt's masquerade gives (guest .2, gateway .1): the first interface 10.0.2.0/24, the next 10.0.3.0/24. So it is over
 * passt (`passtBinding`), a process of its own. On a bridge each has a tap. QEMU is handed both as open descriptors.
 */
import type { HostNetwork } from '../model/host-network.ts';
import type { JsonObject } from '../model/json.ts';
import type { InterfaceModel, InterfaceSpec, PortForward } from '../model/network-interface.ts';
import type { InstanceSpec, VmIdentity } from '../model/virtual-machine.ts';
import type { BootIndices } from './boot-order.ts';
import { jsonOption } from './encode.ts';
import { type GuestDevice, onPci } from './guest-device.ts';
import { defaultMacAddress } from './mac-address.ts';
import { guestAddress, netdevId, subnetOf } from './nic-address.ts';
import { passtNetdev } from './passt.ts';
import { networkOf, nicDescriptor } from './taps.ts';

const DRIVER: Readonly<Record<InterfaceModel, string>> = {
  virtio: 'virtio-net-pci',
  e1000: 'e1000',
  e1000e: 'e1000e',
  rtl8139: 'rtl8139',
  ne2k_pci: 'ne2k_pci',
};

/** What the host has for NICs on bridges. */
export interface TapHost {
  /** The kernel moves the frames of virtio NICs by itself (`/dev/vhost-net`). */
  readonly vhost: boolean;
}

export function netdevArgs(
  vm: VmIdentity,
  spec: InstanceSpec,
  { vhost }: TapHost,
): readonly string[] {
  const netdevOf = (nic: InterfaceSpec, index: number): JsonObject => {
    switch (nic.kind ?? 'user') {
      case 'bridge':
        return tapNetdev(nic, index, vhost);
      case 'passt':
        return passtNetdev(index);
      case 'user':
        return userNetdev(vm, spec, nic, index);
    }
  };
  return spec.interfaces.flatMap((nic, index) => jsonOption('-netdev', netdevOf(nic, index)));
}

function tapNetdev({ model }: InterfaceSpec, index: number, vhost: boolean): JsonObject {
  return {
    type: 'tap',
    id: netdevId(index),
    fd: String(nicDescriptor(index)),
    // Without vhostforce: a QEMU that may not open the device says so and does it itself.
    ...(vhost && model === 'virtio' ? { vhost: true } : {}),
  };
}

function userNetdev(
  vm: VmIdentity,
  { hostname, subdomain }: InstanceSpec,
  { forwards }: InterfaceSpec,
  index: number,
): JsonObject {
  const subnet = subnetOf(index);
  return {
    type: 'user',
    id: netdevId(index),
    // IPv4 only: a guest with an IPv6 route that leads nowhere waits for it at every connection.
    ipv6: false,
    net: `${subnet}.0/24`,
    host: `${subnet}.1`,
    dhcpstart: `${subnet}.2`,
    dns: `${subnet}.3`,
    hostname: hostname ?? vm.name,
    ...(subdomain === undefined ? {} : { domainname: subdomain }),
    ...(forwards.length === 0
      ? {}
      : {
          hostfwd: forwards.map((forward) => ({
            str: hostForward(forward, guestAddress(index)),
          })),
        }),
  };
}

function hostForward(forward: PortForward, guest: string): string {
  const { protocol, hostAddress, hostPort, guestPort } = forward;
  return `${protocol}:${hostAddress}:${hostPort}-${guest}:${guestPort}`;
}

export function networkDevices(
  vm: VmIdentity,
  interfaces: readonly InterfaceSpec[],
  boot: BootIndices,
  networks: readonly HostNetwork[],
): readonly GuestDevice[] {
  return interfaces.map((nic, index) =>
    onPci({
      driver: DRIVER[nic.model],
      id: `nic${index}`,
      netdev: netdevId(index),
      mac: nic.macAddress ?? defaultMacAddress(vm, nic.name),
      ...hostMtu(nic, networks),
      ...networkBoot(boot.interfaces[index]),
    }),
  );
}

/** Only virtio can tell a guest how large its frames may be. */
function hostMtu(nic: InterfaceSpec, networks: readonly HostNetwork[]): JsonObject {
  if (nic.kind !== 'bridge' || nic.model !== 'virtio') return {};
  const mtu = networkOf(nic, networks)?.mtu;
  return mtu === undefined ? {} : { host_mtu: mtu };
}

/** The option ROM is for booting from the network; without it, start-up is quicker. */
function networkBoot(bootIndex: number | undefined): JsonObject {
  return bootIndex === undefined ? { romfile: '' } : { bootindex: bootIndex };
}

/** The first interface in user mode, by which solovirt itself reaches ports of the guest. */
export function userNic(interfaces: readonly InterfaceSpec[]): number | undefined {
  const index = interfaces.findIndex(({ kind = 'user' }) => kind === 'user');
  return index === -1 ? undefined : index;
}

/** Where a TCP port of the guest is, seen from QEMU: on its first interface in user mode. Undefined when it has none. */
export function guestPort(
  interfaces: readonly InterfaceSpec[],
  port: number,
): { readonly netdev: string; readonly address: string; readonly port: number } | undefined {
  const index = userNic(interfaces);
  if (index === undefined) return undefined;
  return { netdev: netdevId(index), address: guestAddress(index), port };
}
