/**
 * The whole command line of one QEMU, area by area. Pure; the flags and their reasons are in the files of the
 * areas. Whatever names and paths contain, each stays one literal value.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { agentChannelArgs } from './agent-channel.ts';
import { behaviourArgs, CLEAN_SLATE } from './behaviour.ts';
import { blockdevArgs } from './blockdev.ts';
import { clockArgs } from './clock.ts';
import { deviceArgs, guestDevices } from './devices.ts';
import { filesystemArgs } from './filesystems.ts';
import { firmwareArgs } from './firmware.ts';
import { type PreparedDisk, QemuArgsError, type QemuArgsInput } from './input.ts';
import { identityArgs, machineArgs, memoryArgs } from './machine.ts';
import { consoleArgs, monitorArgs, vncArgs } from './monitors.ts';
import { netdevArgs } from './network.ts';
import { objectArgs } from './small-devices.ts';
import { smbiosArgs } from './smbios.ts';
import { tpmArgs } from './tpm.ts';
import { unsupportedByQemu } from './unsupported.ts';

/**
 * The arguments for QEMU, without the name of the program.
 * @throws QemuArgsError when the spec asks for what QEMU cannot do, or a disk has not been prepared
 */
export function buildQemuArgs(input: QemuArgsInput): readonly string[] {
  const { vm, spec, paths } = input;
  const unsupported = unsupportedByQemu(spec);
  if (unsupported.length > 0) throw new QemuArgsError(unsupported.join('; '));
  const disks = inSpecOrder(spec, input.disks);
  const devices = guestDevices(vm, spec, disks, input);
  const args = [
    ...CLEAN_SLATE,
    ...identityArgs(input),
    ...machineArgs(input),
    ...memoryArgs(spec),
    ...smbiosArgs(spec, input.systemTable),
    ...clockArgs(spec, input.accelerator, input.now),
    ...behaviourArgs(spec),
    ...monitorArgs(paths),
    ...agentChannelArgs(devices, paths),
    ...consoleArgs(spec, paths),
    ...vncArgs(spec, paths),
    ...firmwareArgs(input),
    ...tpmArgs(spec, paths),
    ...filesystemArgs(spec, paths),
    ...objectArgs(spec),
    ...blockdevArgs(disks),
    ...netdevArgs(vm, spec, { vhost: input.vhostNet === true }),
    ...deviceArgs(spec, devices),
  ];
  const broken = args.find((arg) => arg.includes('\0'));
  if (broken !== undefined)
    throw new QemuArgsError(`an argument has a NUL byte: ${JSON.stringify(broken)}`);
  return args;
}

function inSpecOrder(
  spec: InstanceSpec,
  prepared: readonly PreparedDisk[],
): readonly PreparedDisk[] {
  return spec.disks.map(({ name }) => {
    const disk = prepared.find((candidate) => candidate.name === name);
    if (disk === undefined) throw new QemuArgsError(`disk ${name} has not been prepared`);
    return disk;
  });
}
