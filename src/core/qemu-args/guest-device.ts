/**
 * One `-device`, and where the PCI ones go. Addresses are fixed by position, so that a guest's interface
 * names stay the same when another kind of device is added: the display adapter has a slot of its own,
 * the network interfaces come next.
 */
import type { JsonObject } from '../model/json.ts';
import { QemuArgsError } from './input.ts';

export interface GuestDevice {
  readonly place: 'pci' | 'video' | 'bus';
  readonly properties: JsonObject;
}

/** A device in the next free PCI slot. */
export function onPci(properties: JsonObject): GuestDevice {
  return { place: 'pci', properties };
}

/** The one display adapter. */
export function onVideoSlot(properties: JsonObject): GuestDevice {
  return { place: 'video', properties };
}

/** A device that names its bus itself, or needs none. */
export function onBus(properties: JsonObject): GuestDevice {
  return { place: 'bus', properties };
}

/** PCI slots that solovirt may use besides the one for the display adapter. */
export const PCI_SLOTS = 29;

/**
 * `pc`: slots 0 and 1 hold the host bridge and PIIX3, 2 is the display adapter's.
 * `q35`: slot 0 holds the host bridge, 1f the ICH9, 1 is the display adapter's; `virt` is laid out like it.
 */
function pciRoot(machineType: string): { bus: string; video: number } {
  return hasPcie(machineType) ? { bus: 'pcie.0', video: 1 } : { bus: 'pci.0', video: 2 };
}

function hasPcie(machineType: string): boolean {
  return (
    machineType === 'q35' || machineType.startsWith('pc-q35-') || machineType.startsWith('virt')
  );
}

/** How many slots these devices take besides the display adapter's. */
export function pciSlotsUsed(devices: readonly GuestDevice[]): number {
  return devices.filter(({ place }) => place === 'pci').length;
}

/** Gives every device its PCI address. @throws QemuArgsError when there are more devices than slots */
export function placeDevices(
  machineType: string,
  devices: readonly GuestDevice[],
): readonly JsonObject[] {
  const used = pciSlotsUsed(devices);
  if (used > PCI_SLOTS) throw new QemuArgsError(tooManyPciDevices(used));
  const { bus, video } = pciRoot(machineType);
  let slot = video;
  const address = ({ place, properties }: GuestDevice): JsonObject => {
    switch (place) {
      case 'video':
        return { ...properties, bus, addr: hex(video) };
      case 'pci':
        slot += 1;
        return { ...properties, bus, addr: hex(slot) };
      case 'bus':
        return properties;
    }
  };
  return devices.map(address);
}

function hex(slot: number): string {
  return `0x${slot.toString(16)}`;
}

export function tooManyPciDevices(used: number): string {
  return `the VM needs ${used} PCI slots and the machine has ${PCI_SLOTS}; put disks on bus scsi (one slot for all) or sata (one for six)`;
}
