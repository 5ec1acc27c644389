/** Devices with no settings of their own: display adapter, entropy, balloon, watchdog, panic. */
import type { PanicDeviceModel, VideoType } from '../model/machine.ts';
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { ioThread } from './disk-devices.ts';
import { jsonOption } from './encode.ts';
import { type GuestDevice, onBus, onPci, onVideoSlot } from './guest-device.ts';

const RNG_SOURCE = 'rng0-source';

/** Objects that devices refer to; they come before all devices. */
export function objectArgs({ rng, disks }: InstanceSpec): readonly string[] {
  const ids = new Set(disks.flatMap((disk, index) => ioThread(disk, index) ?? []));
  const threads = [...ids].map((id) => ({ 'qom-type': 'iothread', id }));
  const objects = [...(rng ? [{ 'qom-type': 'rng-builtin', id: RNG_SOURCE }] : []), ...threads];
  return objects.flatMap((object) => jsonOption('-object', object));
}

export function smallDevices(spec: InstanceSpec): readonly GuestDevice[] {
  return [
    ...when(spec.graphics, () => onVideoSlot({ driver: videoDriver(spec), id: 'video0' })),
    ...when(spec.rng, () => onPci({ driver: 'virtio-rng-pci', id: 'rng0', rng: RNG_SOURCE })),
    ...when(spec.memBalloon, () =>
      // Memory that the guest frees goes back to the host, as in KubeVirt.
      onPci({ driver: 'virtio-balloon-pci', id: 'balloon0', 'free-page-reporting': true }),
    ),
    ...when(spec.watchdog !== undefined, () => onPci({ driver: 'i6300esb', id: 'watchdog0' })),
    ...[...new Set(spec.panicDevices)].map(panicDevice),
  ];
}

const VIDEO: Readonly<Record<VideoType, string>> = {
  vga: 'VGA',
  bochs: 'bochs-display',
  cirrus: 'cirrus-vga',
  virtio: 'virtio-vga',
};

/** KubeVirt's choice: a BIOS needs VGA, UEFI can do without its old ways. */
function videoDriver({ video, bootloader, architecture }: InstanceSpec): string {
  if (architecture === 'arm64') return 'virtio-gpu-pci';
  return VIDEO[video ?? (bootloader?.kind === 'efi' ? 'bochs' : 'vga')];
}

function panicDevice(model: PanicDeviceModel): GuestDevice {
  switch (model) {
    case 'pvpanic':
      return onPci({ driver: 'pvpanic-pci', id: 'panic0' });
    case 'isa':
      return onBus({ driver: 'pvpanic', id: 'panic1' });
  }
}

function when(present: boolean, device: () => GuestDevice): readonly GuestDevice[] {
  return present ? [device()] : [];
}
