/**
 * What a machine for arm64 cannot have although one for amd64 can: `virt` has neither the old devices of a PC nor their
 * switches. KubeVirt refuses the same, and more.
 */
import type { InstanceSpec } from '../model/virtual-machine.ts';

/** One sentence for each. */
export function unfitForArm64(spec: InstanceSpec): readonly string[] {
  if (spec.architecture !== 'arm64') return [];
  const { clock = {} } = spec;
  const sata = spec.disks.filter(({ bus }) => bus === 'sata').map(({ name }) => name);
  const no: readonly (readonly [boolean, string])[] = [
    [sata.length > 0, `disks on sata (${sata.join(', ')}); use bus virtio or scsi`],
    [spec.watchdog !== undefined, 'the watchdog i6300esb'],
    [spec.panicDevices.includes('isa'), 'a panic device of the model isa; use pvpanic'],
    [spec.smm !== undefined, 'System Management Mode; leave features.smm out'],
    [spec.cpu.features !== undefined, 'CPU features that can be switched by name or by features'],
    [
      clock.hpet !== undefined ||
        clock.pitTickPolicy !== undefined ||
        clock.rtcTickPolicy === 'catchup',
      'the timers of a PC; leave clock.timer out',
    ],
    [
      spec.video !== undefined && spec.video !== 'virtio',
      `the display ${spec.video}; use virtio, which is the default`,
    ],
  ];
  return no
    .filter(([wanted]) => wanted)
    .map(([, what]) => `a machine for arm64 does not have ${what}`);
}
