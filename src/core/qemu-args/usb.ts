/**
 * The USB controller and what is plugged into it. Ports are given explicitly: left to itself, QEMU would put
 * a slow hub on the last free one.
 */
import type { JsonObject } from '../model/json.ts';
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { type AttachedDisk, usbDisk } from './disk-devices.ts';
import { type GuestDevice, onBus, onPci } from './guest-device.ts';

/** The most that qemu-xhci has of each kind (QEMU `hw/usb/hcd-xhci.h`, XHCI_MAXPORTS_2 and _3). */
export const USB_PORTS = 15;

type Inputs = Pick<InstanceSpec, 'inputDevice' | 'inputs'>;

/** How many tablets are on USB. As in KubeVirt, one comes by itself only where none is listed. */
export function usbTablets({ inputDevice, inputs }: Inputs): number {
  if (inputs === undefined) return inputDevice ? 1 : 0;
  return inputs.filter(({ bus }) => bus === 'usb').length;
}

/** Tablets that are no USB devices. */
export function virtioTablets({ inputs = [] }: Inputs): readonly GuestDevice[] {
  return inputs
    .filter(({ bus }) => bus === 'virtio')
    .map((_, index) => onPci({ driver: 'virtio-tablet-pci', id: `vtablet${index}` }));
}

/** @param tablets how many */
export function usbDevices(
  disks: readonly AttachedDisk[],
  tablets: number,
): readonly GuestDevice[] {
  const usbDisks = disks.filter(({ spec }) => spec.bus === 'usb');
  if (usbDisks.length === 0 && tablets === 0) return [];
  return [
    onPci({ driver: 'qemu-xhci', id: 'usb0', p2: USB_PORTS, p3: USB_PORTS }),
    ...usbDisks.flatMap((disk, n) => usbDisk(disk, port(n + 1))),
    ...Array.from({ length: tablets }, (_, n) =>
      onBus({ driver: 'usb-tablet', id: `tablet${n}`, ...port(usbDisks.length + n + 1) }),
    ),
  ];
}

function port(number: number): JsonObject {
  return { bus: 'usb0.0', port: `${number}` };
}
