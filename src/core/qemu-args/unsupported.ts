/**
 * What a spec may ask for although no QEMU can do it. Found before anything is prepared, so that the file's
 * author reads about it in the file's own words.
 */
import type { DiskSpec } from '../model/storage.ts';
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { unfitForArm64 } from './arm64.ts';
import { guestDevices } from './devices.ts';
import { PCI_SLOTS, pciSlotsUsed, tooManyPciDevices } from './guest-device.ts';
import type { PreparedDisk } from './input.ts';
import { CPU_MODEL } from './machine.ts';
import { USB_PORTS, usbTablets } from './usb.ts';

/** QEMU refuses a longer one on these buses (`hw/scsi/scsi-disk.c`, MAX_SERIAL_LEN). */
const SCSI_SERIAL_BYTES = 36;

/** Targets of one virtio-scsi controller (QEMU `hw/scsi/virtio-scsi.c`, max_target). */
const SCSI_TARGETS = 256;

/** One sentence for each thing that QEMU cannot do; empty when the spec is fine. */
export function unsupportedByQemu(spec: InstanceSpec): readonly string[] {
  return [
    ...cpuProblems(spec),
    ...unfitForArm64(spec),
    ...spec.disks.flatMap(diskProblems),
    ...spec.interfaces.flatMap(({ name, forwards }) =>
      forwards
        .filter(({ hostAddress }) => !isIpv4(hostAddress))
        .map(({ hostAddress }) => `interface ${name}: ${hostAddress} is not an IPv4 address`),
    ),
    ...tooManyDevices(spec),
  ];
}

function cpuProblems({ cpu }: InstanceSpec): readonly string[] {
  if (CPU_MODEL.test(cpu.model)) return [];
  return [
    `${JSON.stringify(cpu.model)} is not a CPU model; "qemu-system-x86_64 -cpu help" lists them`,
  ];
}

function diskProblems({ name, device, bus, readonly, serial }: DiskSpec): readonly string[] {
  const long = serial !== undefined && utf8Length(serial) > SCSI_SERIAL_BYTES;
  return [
    ...(bus === 'sata' && device === 'disk' && readonly
      ? [`disk ${name}: a SATA disk cannot be read-only; use bus virtio, scsi or usb, or a cdrom`]
      : []),
    ...(long && (bus === 'scsi' || bus === 'usb')
      ? [`disk ${name}: the serial may have at most ${SCSI_SERIAL_BYTES} bytes on bus ${bus}`]
      : []),
  ];
}

function tooManyDevices(spec: InstanceSpec): readonly string[] {
  const slots = pciSlotsUsed(
    guestDevices(NOBODY, spec, spec.disks.map(assumedDisk), {
      vsockCid: spec.vsock && 3,
    }),
  );
  const on = (bus: DiskSpec['bus']) => spec.disks.filter((disk) => disk.bus === bus).length;
  const usbPorts = USB_PORTS - usbTablets(spec);
  return [
    ...(slots > PCI_SLOTS ? [tooManyPciDevices(slots)] : []),
    ...(on('usb') > usbPorts ? [`at most ${usbPorts} disks fit on bus usb; use bus scsi`] : []),
    ...(on('scsi') > SCSI_TARGETS ? [`at most ${SCSI_TARGETS} disks fit on bus scsi`] : []),
  ];
}

/** Number and kind of the devices depend on neither names nor files. */
const NOBODY = { namespace: '', name: '' };

function assumedDisk({ name, readonly }: DiskSpec): PreparedDisk {
  return { name, file: '', format: 'raw', readonly, cache: 'writeback' };
}

function isIpv4(address: string): boolean {
  const octets = address.split('.');
  return octets.length === 4 && octets.every((o) => /^\d{1,3}$/.test(o) && Number(o) <= 255);
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
