/** The NICs of a guest, and the ports of the host that lead to them. */
import type { NetworkId } from './host-network.ts';

export type InterfaceModel = 'virtio' | 'e1000' | 'e1000e' | 'rtl8139' | 'ne2k_pci';

/** One NIC, told apart by what it is connected to. */
export type InterfaceSpec = UserInterface | PasstInterface | BridgeInterface;

interface Nic {
  readonly name: string;
  readonly model: InterfaceModel;
  readonly macAddress?: string;
  readonly bootOrder?: number;
  /** On a bridge solovirt forwards them where it serves the network itself. */
  readonly forwards: readonly PortForward[];
}

/** User-mode networking (`masquerade`): the guest is behind the host, in a network of QEMU's own. */
export interface UserInterface extends Nic {
  /** Absent: user. */
  readonly kind?: 'user';
}

/** As in user mode, over passt, a process of its own (`passtBinding`). */
export interface PasstInterface extends Nic {
  readonly kind: 'passt';
}

/** A port of a bridge of the host (`bridge`): the guest is a member of that network like any other machine. */
export interface BridgeInterface extends Nic {
  readonly kind: 'bridge';
  /** The NetworkAttachmentDefinition; whether there is one only the launch knows. */
  readonly network: NetworkId;
}

/** One port of the host that leads into the guest. */
export interface PortForward {
  readonly protocol: 'tcp' | 'udp';
  /** IPv4 address of the host to listen on. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly guestPort: number;
}
