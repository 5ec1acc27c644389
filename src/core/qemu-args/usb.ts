/**
 * The USB controller and what is plugged into it. Ports are given explicitly: left to itself, QEMU would put
 * a slow hub on the last free one.
 */
import type { JsonObject } from '../model/virtual-machine.ts';
import { type AttachedDisk, usbDisk } from './disk-devices.ts';
import { type GuestDevice, onBus, onPci } from './guest-device.ts';

/** The most that qemu-xhci has of each kind (QEMU `hw/usb/hcd-xhci.h`, XHCI_MAXPORTS_2 and _3). */
export const USB_PORTS = 15;

export function usbDevices(
  disks: readonly AttachedDisk[],
  tablet: boolean,
): readonly GuestDevice[] {
  const usbDisks = disks.filter(({ spec }) => spec.bus === 'usb');
  if (usbDisks.length === 0 && !tablet) return [];
  return [
    onPci({ driver: 'qemu-xhci', id: 'usb0', p2: USB_PORTS, p3: USB_PORTS }),
    ...usbDisks.flatMap((disk, n) => usbDisk(disk, port(n + 1))),
    ...(tablet
      ? [onBus({ driver: 'usb-tablet', id: 'tablet0', ...port(usbDisks.length + 1) })]
      : []),
  ];
}

function port(number: number): JsonObject {
  return { bus: 'usb0.0', port: `${number}` };
}
