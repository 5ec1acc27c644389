/**
 * The host side of the disks: for disk number N a file node `dN-file` and on it a format node `dN`
 * (QEMU QAPI `BlockdevOptions`). Node names come from the position, never from the manifest.
 * File locking stays at QEMU's `auto`, so two QEMUs never write one image.
 */
import type { JsonObject } from '../model/json.ts';
import type { DiskCache } from '../model/storage.ts';
import { jsonOption } from './encode.ts';
import type { PreparedDisk } from './input.ts';

/** The format node of a disk, as QMP events and `query-block` call it. */
export function diskNode(index: number): string {
  return `d${index}`;
}

export function blockdevArgs(disks: readonly PreparedDisk[]): readonly string[] {
  return disks.flatMap((disk, index) => {
    const node = diskNode(index);
    const common = commonOptions(disk);
    return [
      ...jsonOption('-blockdev', {
        driver: disk.blockDevice === true ? 'host_device' : 'file',
        'node-name': `${node}-file`,
        filename: disk.file,
        ...(disk.io === undefined ? {} : { aio: disk.io }),
        ...common,
      }),
      ...jsonOption('-blockdev', {
        driver: disk.format,
        'node-name': node,
        file: `${node}-file`,
        ...common,
      }),
    ];
  });
}

/** Nodes with a name of their own inherit nothing, so both get the same options. */
function commonOptions(disk: PreparedDisk): JsonObject {
  return {
    'read-only': disk.readonly,
    discard: 'unmap',
    cache: { direct: disk.cache === 'none', 'no-flush': false },
  };
}

/** Whether the guest sees a volatile write cache; with `cache.direct` this is libvirt's cache mapping. */
export function writeCache(cache: DiskCache): 'on' | 'off' {
  return cache === 'writethrough' ? 'off' : 'on';
}
