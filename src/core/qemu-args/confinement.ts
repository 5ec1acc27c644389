/**
 * What of the host one QEMU may open, and how the wrapper `confine` is told. Pure.
 */
import type { InterfaceSpec, PortForward } from '../model/network-interface.ts';
import type { InstancePaths } from '../paths.ts';
import type { Accelerator, PreparedDisk, PreparedFirmware, PreparedKernel } from './input.ts';
import { VSOCK_DEVICE } from './vsock.ts';

/** Absolute paths as QEMU sees them. Nothing else than these and the system's own files can be opened. */
export interface FileAccess {
  readonly read: readonly string[];
  /** Each is there before QEMU is started, for in their directories QEMU makes nothing. */
  readonly write: readonly string[];
  /** Directories in which files and sockets may be made, changed and removed. */
  readonly writeDirs: readonly string[];
  /** Directories beneath which everything but devices may be made, changed and removed. Absent: none. */
  readonly writeTrees?: readonly string[];
  /**
   * The program sees its user as root, and as the only user there is; or `{uid}` and `{gid}` stand for its user in those of its
   * arguments that are no paths.
   */
  readonly identity?: 'root-to-itself' | 'told';
  /** QEMU listens on ports of the host that only root may take. */
  readonly lowPorts: boolean;
  /** It is held to no files, for it shuts itself into namespaces, which nobody can who is held (landlock(7)). Absent: it is held. */
  readonly allFiles?: boolean;
  /** Room that is taken in a file before QEMU runs. */
  readonly reserve: readonly { readonly path: string; readonly bytes: number }[];
}

/** Unprivileged identity that a QEMU takes on; absent: it keeps its launcher's. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

interface Opened {
  readonly paths: Pick<InstancePaths, 'events' | 'console' | 'runtimeDir'>;
  /** Where the guest's memory is to go when it panics. */
  readonly memoryDump?: string;
  readonly accelerator: Accelerator;
  readonly interfaces: readonly InterfaceSpec[];
  readonly disks: readonly PreparedDisk[];
  readonly kernel?: PreparedKernel;
  readonly firmware?: PreparedFirmware;
  readonly systemTable?: string;
  readonly vsockCid?: number;
}

/** For about 400 events, taken before the guest can fill the disk: how the instance ends is recorded there, too. */
const JOURNAL_BYTES = 64 * 1024;

/** ip(7): below, a port takes CAP_NET_BIND_SERVICE, unless `ip_unprivileged_port_start` says otherwise. */
const FIRST_FREE_PORT = 1024;

/**
 * The files of one instance: its journal and console, its sockets, its disks with what lies below them, its kernel.
 * Of its directory of evidence QEMU gets single files, so that it can put nothing there that others would follow.
 */
export function fileAccess(opened: Opened): FileAccess {
  const { paths, accelerator, interfaces, disks, kernel, firmware } = opened;
  const boot = kernel === undefined ? [] : [kernel.kernelPath, kernel.initrdPath ?? []].flat();
  const disksThat = (readonly: boolean) => disks.filter((disk) => disk.readonly === readonly);
  const below = (list: readonly PreparedDisk[]) => list.flatMap(({ below: files }) => files ?? []);
  const files = (list: readonly PreparedDisk[]) => list.map(({ file }) => file);
  return {
    read: unique([
      ...files(disksThat(true)),
      ...below(disks),
      ...boot,
      ...[firmware?.code.file ?? [], opened.systemTable ?? []].flat(),
    ]),
    write: unique([
      ...[paths.events, paths.console],
      ...[opened.memoryDump ?? []].flat(),
      ...files(disksThat(false)),
      ...[firmware?.vars.file ?? []].flat(),
      ...(accelerator === 'kvm' ? ['/dev/kvm'] : []),
      ...(opened.vsockCid === undefined ? [] : [VSOCK_DEVICE]),
    ]),
    writeDirs: [paths.runtimeDir],
    lowPorts: interfaces.some(
      ({ kind = 'user', forwards }) => kind === 'user' && takesLowPort(forwards),
    ),
    reserve: [{ path: paths.events, bytes: JOURNAL_BYTES }],
  };
}

/** Whether one of the ports is for root to listen on. */
export function takesLowPort(forwards: readonly PortForward[]): boolean {
  return forwards.some(({ hostPort }) => hostPort < FIRST_FREE_PORT);
}

const IDENTITY = { 'root-to-itself': '--root-to-itself', told: '--tell-ids' } as const;

/** Arguments of `confine` up to and with the `--` that the program follows. */
export function confineArgs(access: FileAccess, credentials?: Credentials): readonly string[] {
  return [
    ...(credentials === undefined ? [] : identityArgs(credentials)),
    ...(access.lowPorts ? ['--low-ports'] : []),
    ...(access.allFiles === true ? ['--all-files'] : []),
    ...(access.identity === undefined ? [] : [IDENTITY[access.identity]]),
    ...access.reserve.flatMap(({ path, bytes }) => ['--reserve', `${bytes}:${path}`]),
    ...pathArgs(access),
    '--',
  ];
}

/** Arguments of `confine` that ask which of the paths, the program's among them, this identity cannot use. */
export function confineCheckArgs(
  access: FileAccess,
  credentials: Credentials,
  program: string,
): readonly string[] {
  return ['--check', ...identityArgs(credentials), ...pathArgs(access), '--', program];
}

function pathArgs({ read, write, writeDirs, writeTrees = [] }: FileAccess): readonly string[] {
  const each = (option: string, paths: readonly string[]): readonly string[] =>
    paths.flatMap((path) => [option, path]);
  return [
    ...each('--read', read),
    ...each('--write', write),
    ...each('--write-dir', writeDirs),
    ...each('--write-tree', writeTrees),
  ];
}

function identityArgs({ uid, gid, groups }: Credentials): readonly string[] {
  const more = groups.length === 0 ? [] : ['--groups', groups.join(',')];
  return ['--uid', String(uid), '--gid', String(gid), ...more];
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}
