/**
 * Network interfaces in user mode (`masquerade`): each has a small NAT network of its own, with the addresses
 * that KubeVirt's masquerade gives (guest .2, gateway .1). The first is 10.0.2.0/24, the next 10.0.3.0/24.
 */
import type {
  InstanceSpec,
  InterfaceModel,
  InterfaceSpec,
  JsonObject,
  PortForward,
  VmIdentity,
} from '../model/virtual-machine.ts';
import type { BootIndices } from './boot-order.ts';
import { jsonOption } from './encode.ts';
import { type GuestDevice, onPci } from './guest-device.ts';
import { defaultMacAddress } from './mac-address.ts';

const DRIVER: Readonly<Record<InterfaceModel, string>> = {
  virtio: 'virtio-net-pci',
  e1000: 'e1000',
  e1000e: 'e1000e',
  rtl8139: 'rtl8139',
  ne2k_pci: 'ne2k_pci',
};

export function netdevArgs(
  vm: VmIdentity,
  { interfaces, hostname, subdomain }: InstanceSpec,
): readonly string[] {
  return interfaces.flatMap(({ forwards }, index) => {
    const subnet = subnetOf(index);
    return jsonOption('-netdev', {
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
    });
  });
}

function hostForward(forward: PortForward, guest: string): string {
  const { protocol, hostAddress, hostPort, guestPort } = forward;
  return `${protocol}:${hostAddress}:${hostPort}-${guest}:${guestPort}`;
}

export function networkDevices(
  vm: VmIdentity,
  interfaces: readonly InterfaceSpec[],
  boot: BootIndices,
): readonly GuestDevice[] {
  return interfaces.map(({ name, model, macAddress }, index) =>
    onPci({
      driver: DRIVER[model],
      id: `nic${index}`,
      netdev: netdevId(index),
      mac: macAddress ?? defaultMacAddress(vm, name),
      ...networkBoot(boot.interfaces[index]),
    }),
  );
}

/** The option ROM is for booting from the network; without it, start-up is quicker. */
function networkBoot(bootIndex: number | undefined): JsonObject {
  return bootIndex === undefined ? { romfile: '' } : { bootindex: bootIndex };
}

/** The address that the guest is given by DHCP on its interface of this index, from 0. */
export function guestAddress(index: number): string {
  return `${subnetOf(index)}.2`;
}

function subnetOf(index: number): string {
  return `10.0.${2 + index}`;
}

/** Where a TCP port of the guest is, seen from QEMU: on its first interface. Undefined when it has none. */
export function guestPort(
  interfaces: readonly InterfaceSpec[],
  port: number,
): { readonly netdev: string; readonly address: string; readonly port: number } | undefined {
  if (interfaces.length === 0) return undefined;
  return { netdev: netdevId(0), address: guestAddress(0), port };
}

export function netdevId(index: number): string {
  return `net${index}`;
}
