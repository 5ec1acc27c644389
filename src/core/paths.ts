/**
 * Every file and socket name that solovirt uses, in one place. Pure string building.
 *
 * STATE/state.db                     state database
 * STATE/lock.db                      held by the one daemon of this state directory
 * STATE/instances/UID/events.jsonl   QEMU's own journal of QMP events
 *                     exit           QEMU's wait status, written by its parent
 *                     process        pid, start time and boot id
 *                     intent         what solovirt was about to do, JSON lines
 *                     stderr.log     QEMU's stdout and stderr
 *                     console.log    serial console
 *                     memory.dump    the guest's memory at its panic, where that is asked for
 *                     instance.json  identity of the VM, template and command line
 *                     NAME.qcow2     overlays and scratch disks, removed at the end
 *                     NAME.iso       seeds, likewise
 *                     smbios.bin     SMBIOS table of the system, likewise
 *                     nvram.fd       UEFI's variables, likewise
 *                     tpm/           what the TPM holds, likewise
 *                     tpm.exit       how its emulator ended, if QEMU went on
 *                     fsN/           files of a shared directory that are made for the instance, removed at the end
 *                     fsN.exit       how the process of filesystem N, from 0, ended, if QEMU went on
 *                     netN.exit      how passt of interface N, from 0, ended, if QEMU went on
 * STATE/machines/NAMESPACE_NAME/     what of a VM's board outlasts its instances:
 *                nvram.fd            UEFI's variables
 *                nvram-secure.fd     the same for secure boot, with its keys
 *                tpm/                what the TPM holds
 * STATE/networks.json                managed networks, and the addresses of their guests
 * RUNTIME/i/UID/qmp                  QMP monitor of the daemon
 * RUNTIME/i/UID/ctl                  second QMP monitor: stop helper and people
 *               qga                  the host's end of the guest agent's channel
 *               con                  serial console, both ways
 *               tpm                  control channel of the TPM emulator
 *               fsN                  the process that serves filesystem N
 *               vnc                  graphical console (RFB)
 *               screen.png           a screenshot on its way
 * RUNTIME/vm/INST/                   what the systemd launcher hands to the unit solovirt-vm@INST.service
 * RUNTIME/networks/BRIDGE            what the keeper of a managed network is told
 * RUNTIME/network-keepers/BRIDGE/    the keeper's own files, under the direct launcher
 * RUNTIME/auth/                      credentials for a registry, while an image is pulled
 * RUNTIME/self/                      the same, and the instance's directories, as the unit's processes see them
 */

import type { VmIdentity } from './model/virtual-machine.ts';

/** sockaddr_un.sun_path holds 108 bytes with its final NUL (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Where the read-only socket is unless a setting says otherwise, and where clients look for it. */
export function readonlySocketBeside(socketPath: string): string {
  return `${socketPath.slice(0, socketPath.lastIndexOf('/'))}/solovirt-ro.sock`;
}

export interface InstancePaths {
  readonly uid: string;
  readonly dir: string;
  readonly runtimeDir: string;
  readonly events: string;
  readonly exit: string;
  readonly process: string;
  readonly intent: string;
  readonly stderr: string;
  readonly console: string;
  readonly memoryDump: string;
  readonly description: string;
  readonly systemTable: string;
  readonly nvram: string;
  readonly tpmState: string;
  readonly tpmEnd: string;
  readonly qmpSocket: string;
  readonly controlSocket: string;
  readonly agentSocket: string;
  readonly consoleSocket: string;
  readonly tpmSocket: string;
  readonly vncSocket: string;
  readonly screenshot: string;
}

export function instancesDir(stateDir: string): string {
  return `${stateDir}/instances`;
}

/** No Kubernetes name has a "_". */
export function machineDir(stateDir: string, { namespace, name }: VmIdentity): string {
  return `${stateDir}/machines/${namespace}_${name}`;
}

/** UEFI's variables in that directory. Secure boot has its own: the keys that count are among them. */
export function persistentNvram(dir: string, secureBoot: boolean): string {
  return `${dir}/nvram${secureBoot ? '-secure' : ''}.fd`;
}

/** What a TPM holds, in that directory. */
export function persistentTpm(dir: string): string {
  return `${dir}/tpm`;
}

/** A machine's directory inside its unit. */
export function machineDirInUnit(runtimeDir: string): string {
  return `${runtimeDir}/self/machine`;
}

export function credentialsDir(runtimeDir: string): string {
  return `${runtimeDir}/auth`;
}

export function instanceRuntimeRoot(runtimeDir: string): string {
  return `${runtimeDir}/i`;
}

export function instancePaths(stateDir: string, runtimeDir: string, uid: string): InstancePaths {
  const dir = `${instancesDir(stateDir)}/${uid}`;
  return pathsIn(uid, dir, `${instanceRuntimeRoot(runtimeDir)}/${uid}`);
}

/** The directory of what is handed to a unit. */
export function handOverDir(runtimeDir: string, unitInstance: string): string {
  return `${runtimeDir}/vm/${unitInstance}`;
}

/** An instance's paths inside its unit, where the directories of all others are hidden. */
export function pathsInUnit(runtimeDir: string, uid: string): InstancePaths {
  return pathsIn(uid, `${runtimeDir}/self/evidence`, `${runtimeDir}/self/sockets`);
}

/** What belongs to a filesystem of an instance, by its place in the spec, from 0. */
export interface FilesystemPaths {
  readonly socket: string;
  readonly end: string;
  /** Of files that are made for the instance. */
  readonly made: string;
}

export function filesystemPaths(
  { dir, runtimeDir }: Pick<InstancePaths, 'dir' | 'runtimeDir'>,
  index: number,
): FilesystemPaths {
  const name = `fs${index}`;
  return { socket: `${runtimeDir}/${name}`, end: `${dir}/${name}.exit`, made: `${dir}/${name}` };
}

/** How passt of an interface ended, if QEMU went on, by the interface's place in the spec, from 0. */
export function passtEnd({ dir }: Pick<InstancePaths, 'dir'>, index: number): string {
  return `${dir}/net${index}.exit`;
}

function pathsIn(uid: string, dir: string, sockets: string): InstancePaths {
  return {
    uid,
    dir,
    runtimeDir: sockets,
    events: `${dir}/events.jsonl`,
    exit: `${dir}/exit`,
    process: `${dir}/process`,
    intent: `${dir}/intent`,
    stderr: `${dir}/stderr.log`,
    console: `${dir}/console.log`,
    memoryDump: `${dir}/memory.dump`,
    description: `${dir}/instance.json`,
    systemTable: `${dir}/smbios.bin`,
    nvram: `${dir}/nvram.fd`,
    tpmState: `${dir}/tpm`,
    tpmEnd: `${dir}/tpm.exit`,
    qmpSocket: `${sockets}/qmp`,
    controlSocket: `${sockets}/ctl`,
    agentSocket: `${sockets}/qga`,
    consoleSocket: `${sockets}/con`,
    tpmSocket: `${sockets}/tpm`,
    vncSocket: `${sockets}/vnc`,
    screenshot: `${sockets}/screen.png`,
  };
}
