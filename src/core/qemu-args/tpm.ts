/**
 * A TPM 2.0: a device of QEMU, and behind it swtpm, a process of its own (swtpm(8)). The models are KubeVirt's choice.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';
import type { InstancePaths } from '../paths.ts';
import type { Companion } from './companion.ts';
import { listValue } from './encode.ts';
import { type GuestDevice, onBus } from './guest-device.ts';

const BACKEND = 'tpm0';

export function tpmArgs({ tpm }: InstanceSpec, { tpmSocket }: InstancePaths): readonly string[] {
  if (tpm === undefined) return [];
  return [
    ...['-chardev', `socket,id=tpm,path=${listValue(tpmSocket)}`],
    ...['-tpmdev', `emulator,id=${BACKEND},chardev=tpm`],
  ];
}

export function tpmDevices({ tpm, architecture }: InstanceSpec): readonly GuestDevice[] {
  if (tpm === undefined) return [];
  const onPc = tpm.persistent ? 'tpm-crb' : 'tpm-tis';
  return [onBus({ driver: architecture === 'arm64' ? 'tpm-tis-device' : onPc, tpmdev: BACKEND })];
}

/** @param program swtpm; @param stateDir where it keeps what the TPM holds */
export function tpmCompanion(
  program: string,
  stateDir: string,
  { tpmSocket, tpmEnd }: InstancePaths,
): Companion {
  return {
    line: { kind: 'socket', path: tpmSocket },
    end: tpmEnd,
    files: { kind: 'state', dir: stateDir },
    command: [
      ...[program, 'socket', '--tpm2'],
      ...['--ctrl', 'type=unixio,fd={socket}'],
      // The group matters under systemd, where each run of a VM may have another user.
      ...['--tpmstate', `dir=${stateDir},mode=0660`],
      // With QEMU gone there is nobody to serve.
      '--terminate',
    ],
  };
}
