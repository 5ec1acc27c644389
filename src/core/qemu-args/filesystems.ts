/**
 * Directories that a guest shares with the host (virtio-fs): a device of QEMU each, and behind it virtiofsd, a process of
 * its own, which reaches into the guest's memory. Of virtiofsd there are two: QEMU's own, in C, until 7.2, and the one in
 * Rust that came after it.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { type FilesystemPaths, filesystemPaths, type InstancePaths } from '../paths.ts';
import type { Companion } from './companion.ts';
import { listValue } from './encode.ts';
import { type GuestDevice, onPci } from './guest-device.ts';
import type { PreparedFilesystem } from './input.ts';

/** virtiofsd, and which of the two it is. */
export interface Virtiofsd {
  readonly path: string;
  readonly kind: 'c' | 'rust';
}

export function filesystemArgs(
  { filesystems = [] }: InstanceSpec,
  paths: InstancePaths,
): readonly string[] {
  return filesystems.flatMap((_, index) => {
    const { socket } = filesystemPaths(paths, index);
    return ['-chardev', `socket,id=${channel(index)},path=${listValue(socket)}`];
  });
}

export function filesystemDevices({ filesystems = [] }: InstanceSpec): readonly GuestDevice[] {
  return filesystems.map(({ name }, index) =>
    onPci({ driver: 'vhost-user-fs-pci', chardev: channel(index), tag: name }),
  );
}

function channel(index: number): string {
  return `fs${index}`;
}

/** @param shared the filesystem of these paths */
export function filesystemCompanion(
  program: Virtiofsd,
  shared: PreparedFilesystem,
  { socket, end }: Pick<FilesystemPaths, 'socket' | 'end'>,
): Companion {
  return {
    line: { kind: 'socket', path: socket },
    end,
    files: { kind: 'shared', ...shared },
    identity: IDENTITY[program.kind],
    command: [
      program.path,
      '--fd={socket}',
      '--rlimit-nofile=0',
      ...optionsOf(program, shared.dir),
    ],
  };
}

/**
 * Whatever a guest does is done as one user of the host, to whom it looks as done by root. The one in C knows no other way than
 * to be root in a user namespace.
 */
const IDENTITY = { c: 'root-to-itself', rust: 'told' } as const;

/**
 * It is held to the directory before it begins (`confine`). The one in C insists on a sandbox of its own besides; of the
 * two that it has only this one needs no more than the user namespace that it is in.
 */
function optionsOf({ kind }: Virtiofsd, dir: string): readonly string[] {
  switch (kind) {
    case 'c':
      return ['-o', `source=${fuseValue(dir)}`, '-o', 'sandbox=chroot', '-o', 'log_level=err'];
    case 'rust':
      return [
        ...['--shared-dir', dir, '--sandbox', 'none', '--log-level', 'error'],
        ...['uid', 'gid'].flatMap(everybodyAs),
      ];
  }
}

/** All users of the guest are one of the host, who is root in the guest. */
function everybodyAs(id: string): readonly string[] {
  const option = `--translate-${id}`;
  return [option, `squash-guest:0:{${id}}:4294967295`, option, `host:{${id}}:0:1`];
}

/** A comma ends an option of libfuse's, unless there is a backslash before it (`fuse_opt_parse`). */
function fuseValue(path: string): string {
  return path.replaceAll(/[\\,]/g, '\\$&');
}
