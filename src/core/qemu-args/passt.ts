/**
 * A NIC over passt(1), a process of its own that is the guest's network: it makes ordinary connections of the host's of what
 * the guest sends. It is told to give the addresses of user mode; by itself it would give the host's.
 */
import type { JsonObject } from '../model/json.ts';
import type { PasstInterface, PortForward } from '../model/network-interface.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';
import { type InstancePaths, passtEnd } from '../paths.ts';
import type { Companion } from './companion.ts';
import { takesLowPort } from './confinement.ts';
import { defaultMacAddress } from './mac-address.ts';
import { guestAddress, netdevId, subnetOf } from './nic-address.ts';
import { nicDescriptor } from './taps.ts';

export function passtNetdev(index: number): JsonObject {
  const addr = { type: 'fd', str: String(nicDescriptor(index)) };
  return { type: 'stream', id: netdevId(index), server: false, addr };
}

/** The place of the NIC in the spec, from 0. */
interface Placed {
  readonly vm: VmIdentity;
  readonly nic: PasstInterface;
  readonly index: number;
}

/** @param program passt */
export function passtCompanion(
  program: string,
  { vm, nic, index }: Placed,
  paths: Pick<InstancePaths, 'dir'>,
): Companion {
  const mac = nic.macAddress ?? defaultMacAddress(vm, nic.name);
  return {
    line: {
      kind: 'channel',
      descriptor: nicDescriptor(index),
      question: whoIsGateway(mac, index),
      trouble: `passt, the network of the interface ${nic.name}, did not start; in the unit of a VM it needs ${DROP_IN} in /etc/systemd/system/solovirt-vm@.service.d/`,
    },
    end: passtEnd(paths, index),
    files: { kind: 'ports', low: takesLowPort(nic.forwards) },
    command: [program, ...passtOptions(nic, index)],
  };
}

/** What lets it shut itself in there. */
const DROP_IN = '/usr/share/solovirt/passt.conf';

function passtOptions({ forwards }: PasstInterface, index: number): readonly string[] {
  const subnet = subnetOf(index);
  return [
    ...['--foreground', '--fd', '{socket}'],
    // IPv4 only, as in user mode.
    ...['--ipv4-only', '--address', guestAddress(index), '--netmask', '24'],
    ...['--gateway', `${subnet}.1`, '--dns-forward', `${subnet}.3`],
    // The gateway is not to lead to what listens on the host's loopback.
    '--no-map-gw',
    ...portOptions('--tcp-ports', forwards, 'tcp'),
    // Without a word of UDP it would take the ports of TCP for UDP, too.
    ...portOptions('--udp-ports', forwards, 'udp'),
  ];
}

function portOptions(
  option: string,
  forwards: readonly PortForward[],
  protocol: PortForward['protocol'],
): readonly string[] {
  const those = forwards.filter((forward) => forward.protocol === protocol);
  if (those.length === 0) return [option, 'none'];
  return those.flatMap(({ hostAddress, hostPort, guestPort }) => [
    option,
    `${hostAddress}/${hostPort}:${guestPort}`,
  ]);
}

/** A request of ARP (RFC 826), after its length as on QEMU's stream: passt answers once it has all its ports. */
function whoIsGateway(mac: string, index: number): string {
  const guest = mac.replaceAll(':', '');
  const [everybody, nobody, arp] = ['ffffffffffff', '000000000000', '0806'];
  const [ethernet, ipv4, sizes, request] = ['0001', '0800', '0604', '0001'];
  const frame = [
    ...[everybody, guest, arp],
    ...[ethernet, ipv4, sizes, request],
    ...[guest, hex(guestAddress(index)), nobody, hex(`${subnetOf(index)}.1`)],
  ].join('');
  return `${(frame.length / 2).toString(16).padStart(8, '0')}${frame}`;
}

function hex(address: string): string {
  return address
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
}
