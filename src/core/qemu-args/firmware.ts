/**
 * What the firmware boots: only what has a boot index, or a kernel given directly.
 * The three kernel options take their whole argument literally (for a multiboot kernel QEMU would split
 * `-initrd` at commas, but each path has been found to exist in the image directory as it stands).
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';
import { type PreparedKernel, QemuArgsError } from './input.ts';

export function firmwareArgs(spec: InstanceSpec, kernel?: PreparedKernel): readonly string[] {
  return ['-boot', 'strict=on', ...kernelArgs(spec, kernel)];
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
