/** What of a machine's board outlasts its instances. */
import type { InstanceSpec } from '../model/virtual-machine.ts';

/** Whether the VM needs a directory of its own for that. */
export function outlastsInstances({ bootloader, tpm }: InstanceSpec): boolean {
  return (bootloader?.kind === 'efi' && bootloader.persistent) || tpm?.persistent === true;
}
