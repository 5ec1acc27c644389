/**
 * What the machine begins with, and what that boots: only what has a boot index, or a kernel given directly.
 * The three kernel options take their whole argument literally (for a multiboot kernel QEMU would split
 * `-initrd` at commas, but each path has been found to exist in the image directory as it stands).
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { jsonOption } from './encode.ts';
import {
  type FlashImage,
  type PreparedFirmware,
  type PreparedKernel,
  QemuArgsError,
  type QemuArgsInput,
} from './input.ts';

/** Nodes of the two flash chips, as `-machine` names them. */
const CODE = 'flash-code';
const VARS = 'flash-vars';

export function firmwareArgs({ spec, kernel, firmware }: QemuArgsInput): readonly string[] {
  return ['-boot', 'strict=on', ...flashArgs(firmware), ...kernelArgs(spec, kernel)];
}

/** What of the firmware is said with the machine type. */
export function firmwareOfMachine({ spec, firmware }: QemuArgsInput): readonly string[] {
  const { bootloader } = spec;
  if (bootloader?.kind === 'efi' && firmware === undefined)
    throw new QemuArgsError('the firmware has not been prepared');
  const smm = firmware?.requiresSmm === true ? true : spec.smm;
  return [
    ...(firmware === undefined ? [] : [`pflash0=${CODE}`, `pflash1=${VARS}`]),
    ...(smm === undefined ? [] : [`smm=${smm ? 'on' : 'off'}`]),
    // SeaBIOS then speaks on the serial port (its `src/fw/paravirt.c`, QEMU_CFG_NOGRAPHIC); the display is a device of its own.
    ...(bootloader?.kind === 'bios' && bootloader.useSerial ? ['graphics=off'] : []),
  ];
}

function flashArgs(firmware: PreparedFirmware | undefined): readonly string[] {
  if (firmware === undefined) return [];
  const { code, vars, requiresSmm } = firmware;
  return [
    ...flashNodes(CODE, code, true),
    ...flashNodes(VARS, vars, false),
    ...(requiresSmm ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
  ];
}

function flashNodes(
  node: string,
  { file, format }: FlashImage,
  readonly: boolean,
): readonly string[] {
  const common = { 'read-only': readonly };
  return [
    ...jsonOption('-blockdev', {
      driver: 'file',
      'node-name': `${node}-file`,
      filename: file,
      ...common,
    }),
    ...jsonOption('-blockdev', {
      driver: format,
      'node-name': node,
      file: `${node}-file`,
      ...common,
    }),
  ];
}

function kernelArgs({ kernelBoot }: InstanceSpec, kernel?: PreparedKernel): readonly string[] {
  if (kernelBoot === undefined) return [];
  if (kernel === undefined) throw new QemuArgsError('the kernel to boot has not been prepared');
  const { kernelPath, initrdPath } = kernel;
  return [
    ...['-kernel', kernelPath],
    ...(initrdPath === undefined ? [] : ['-initrd', initrdPath]),
    ...(kernelBoot.kernelArgs === '' ? [] : ['-append', kernelBoot.kernelArgs]),
  ];
}
