/** Device names of volumes (`VolumeStatus.target`), given as KubeVirt's converter does (`makeDeviceName`). */
import type { DiskBus, DiskSpec } from '../model/storage.ts';

const PREFIXES: Readonly<Record<DiskBus, string>> = {
  virtio: 'vd',
  sata: 'sd',
  scsi: 'sd',
  usb: 'sd',
};

/** In the order of the disks: `vda`, `sda`, `vdb`. Buses that share a prefix share its letters. */
export function volumeTargets(disks: readonly DiskSpec[]): readonly string[] {
  const given = new Map<string, number>();
  return disks.map(({ bus }) => {
    const prefix = PREFIXES[bus];
    const index = given.get(prefix) ?? 0;
    given.set(prefix, index + 1);
    return prefix + letters(index);
  });
}

/** 0 is `a`, 25 `z`, 26 `aa`. */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
