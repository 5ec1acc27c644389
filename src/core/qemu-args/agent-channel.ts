/**
 * The channel to the guest agent: a virtio serial port with the name that QEMU's agent looks for, as every guest of
 * KubeVirt has it. In the guest nothing happens before an agent opens it; on the host nothing before that either.
 */
import type { InstancePaths } from '../paths.ts';
import { listValue } from './encode.ts';
import { type GuestDevice, onBus, onPci, PCI_SLOTS, pciSlotsUsed } from './guest-device.ts';

/** Label of the chardev, as `query-chardev` tells it. */
export const AGENT_CHARDEV = 'agent';
/** Id of the port, as the event VSERPORT_CHANGE names it. */
export const AGENT_PORT = 'agent0';
const CONTROLLER = 'serial0';
/** Fixed by the agent (QEMU `qga/main.c`, QGA_VIRTIO_PATH_DEFAULT). */
const PORT_NAME = 'org.qemu.guest_agent.0';

/** @param devices all of the guest's, to see whether there was room for the channel */
export function agentChannelArgs(
  devices: readonly GuestDevice[],
  paths: InstancePaths,
): readonly string[] {
  if (!devices.some(({ properties }) => properties['id'] === AGENT_PORT)) return [];
  const path = listValue(paths.agentSocket);
  return ['-chardev', `socket,id=${AGENT_CHARDEV},path=${path},server=on,wait=off`];
}

/**
 * Comes after all other devices, so that their PCI addresses are what they were without it; a guest that has taken
 * every slot does without an agent rather than without one of its devices.
 */
export function agentDevices(others: readonly GuestDevice[]): readonly GuestDevice[] {
  if (pciSlotsUsed(others) >= PCI_SLOTS) return [];
  return [
    // Port 0 is a console's. Each further one costs the guest buffers.
    onPci({ driver: 'virtio-serial-pci', id: CONTROLLER, max_ports: 2 }),
    onBus({
      driver: 'virtserialport',
      bus: `${CONTROLLER}.0`,
      nr: 1,
      id: AGENT_PORT,
      chardev: AGENT_CHARDEV,
      name: PORT_NAME,
    }),
  ];
}
