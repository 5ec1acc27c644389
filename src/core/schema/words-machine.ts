/** Words for the machine: CPUs, memory, board and firmware. */
import type { TypeWords } from './type-words.ts';

export const MACHINE_WORDS = {
  DomainSpec: {
    about: 'A machine: its CPUs, its memory, its board and its devices.',
    fields: {
      cpu: 'Number, arrangement and model of the CPUs.',
      memory: 'Memory of the guest.',
      resources:
        'Requests and limits: what is assumed for CPUs and memory that are not given, and what QEMU may take of the host.',
      machine: 'The board.',
      firmware: 'What the machine boots with.',
      features: 'Abilities of the board.',
      clock: 'What the clock shows at first, and the timers.',
      chassis: 'How the case of the machine names itself to the guest.',
      devices: 'Everything that is plugged in. Must be there, if only as "devices: {}".',
      ioThreadsPolicy:
        'Threads of QEMU for the disks on virtio that have none of their own. shared: one for all. auto: one for each, but of all together no more than two for each CPU. Without it they are served by the main one.',
      rebootPolicy: {
        text: 'What a reboot of the guest does. Reboot: the same run goes on. Terminate: the run ends, and the run strategy decides what follows.',
        default: 'Reboot',
      },
    },
  },
  CPU: {
    about:
      'The CPUs of the guest: sockets × cores × threads, at most 512. When none of the three is given, the CPU limit, else the CPU request, rounded up, is the number of sockets.',
    fields: {
      cores: { text: 'Cores of each socket.', default: 1 },
      sockets: { text: 'Sockets of the board.', default: 1 },
      threads: { text: 'Threads of each core.', default: 1 },
      model: {
        text: "The model that the guest sees: host-model, host-passthrough, or the name of one of QEMU's CPU models, such as Haswell.",
        default: 'host-model',
      },
      features: 'What the CPU is to have besides its model, or is not to have.',
      dedicatedCpuPlacement: 'Gives each CPU of the guest a CPU of the host of its own.',
      isolateEmulatorThread: "Gives QEMU's own work a CPU of its own.",
    },
  },
  Memory: {
    about: 'How much memory.',
    fields: {
      guest:
        'RAM of the guest, 1Mi to 16Ti, rounded up to whole MiB. Without it: the memory request, else the memory limit, else 512Mi.',
      hugepages: 'Takes huge pages of the host, all at the start.',
    },
  },
  CPUFeature: {
    about: 'One feature of the CPU.',
    fields: {
      name: "QEMU's name of it, such as vmx or sse4.2.",
      policy: {
        text: 'force, require and optional: the guest sees it. disable and forbid: it does not. What the host cannot do is left out, with a warning among the messages of QEMU.',
        default: 'require',
      },
    },
  },
  Hugepages: {
    about: 'Memory made of huge pages, which the host must have free.',
    fields: { pageSize: 'Size of a page: the memory of the guest is a multiple of it.' },
  },
  ResourceRequirements: {
    about: 'Requests and limits for memory and cpu. Other resources give a warning.',
    fields: {
      requests:
        'What is assumed for the memory and the CPUs of the guest when they are not given. A request is not larger than its limit.',
      limits:
        'What QEMU may take of the host, where the systemd launcher can hold it to that; also assumed for the memory and the CPUs of the guest when they and the requests are not given.',
      overcommitGuestOverhead: "Leaves QEMU's own memory out of the request.",
    },
  },
  Machine: {
    about: 'A board that QEMU can be.',
    fields: {
      type: {
        text: 'q35, pc, on arm64 virt, or a version of one, such as pc-q35-7.2 or pc-i440fx-7.2. On arm64 the default is virt.',
        default: 'q35',
      },
    },
  },
  Features: {
    about: 'Abilities of the board that can be switched.',
    fields: {
      acpi: 'ACPI: without it a guest does not feel the power button; its agent can still shut it down.',
      apic: 'The interrupt controller of each CPU.',
      kvm: 'What the guest sees of KVM.',
      pvspinlock: 'Spinlocks that know of the hypervisor; KVM only.',
      smm: 'System Management Mode, which secure boot needs. Without the field it is as the machine type has it.',
    },
  },
  FeatureState: {
    about: 'On or off.',
    fields: { enabled: { text: 'Whether the machine has it.', default: true } },
  },
  FeatureAPIC: {
    about: 'The interrupt controller of each CPU.',
    fields: {
      enabled: { text: 'Whether it is there.', default: true },
      endOfInterrupt: 'Ends interrupts with the help of the hypervisor; KVM only.',
    },
  },
  FeatureKVM: {
    about: 'What the guest sees of KVM.',
    fields: { hidden: { text: 'Whether KVM hides from the guest.', default: false } },
  },
  Clock: {
    about: 'The clock of the guest. At most one of utc and timezone is there.',
    fields: {
      utc: 'The clock shows UTC when the machine starts. This is what is assumed.',
      timezone: 'The clock shows the time of this zone when the machine starts.',
      timer: 'The timers of the board.',
    },
  },
  ClockOffsetUTC: {
    about: 'A clock that shows UTC, or is off by a constant.',
    fields: {
      offsetSeconds: 'What the clock is ahead of UTC when the machine starts, in seconds.',
    },
  },
  Timer: {
    about: 'The timers of the board. One that is not named is as the machine type has it.',
    fields: {
      hpet: 'The High Precision Event Timer.',
      kvm: "KVM's clock.",
      pit: 'The Programmable Interval Timer.',
      rtc: 'The Real Time Clock.',
    },
  },
  HPETTimer: {
    about: 'The High Precision Event Timer.',
    fields: {
      present: { text: 'Whether it is there.', default: true },
      tickPolicy: 'What becomes of ticks that came too late. QEMU delays them.',
    },
  },
  KVMTimer: {
    about: "KVM's clock.",
    fields: { present: { text: 'Whether it is there.', default: true } },
  },
  PITTimer: {
    about: 'The Programmable Interval Timer.',
    fields: {
      present: { text: 'Whether it is there.', default: true },
      tickPolicy:
        'What becomes of ticks that came too late; KVM only, for QEMU itself delays them.',
    },
  },
  RTCTimer: {
    about: 'The Real Time Clock.',
    fields: {
      present: { text: 'Whether it is there.', default: true },
      tickPolicy: { text: 'What becomes of ticks that came too late.', default: 'delay' },
      track: {
        text: 'wall: it goes on while the guest is paused. guest: it does not.',
        default: 'wall',
      },
    },
  },
  Chassis: {
    about: 'The SMBIOS table of the chassis. Each text has at most 256 characters.',
    fields: {
      manufacturer: 'Its maker.',
      version: 'Its version.',
      serial: 'Its serial number.',
      asset: 'Its asset tag.',
      sku: 'Its stock-keeping unit.',
    },
  },
  Firmware: {
    about: 'What the machine begins with, and how it names itself to the guest.',
    fields: {
      bootloader: 'BIOS or UEFI; it looks for a disk in the boot order.',
      uuid: 'The UUID that the guest sees of its machine. Without it one that follows from the names of the VM, the same for each run.',
      serial: 'The serial number that the guest sees of its machine.',
      kernelBoot:
        'Boots a Linux kernel directly, past the boot loader. The annotations solovirt.io/kernel, initrd and kernel-args are the other way to say it.',
    },
  },
  Bootloader: {
    about: 'At most one of bios and efi. Without either it is a BIOS.',
    fields: { bios: 'A BIOS (SeaBIOS).', efi: 'UEFI (OVMF).' },
  },
  BIOS: {
    about: 'A BIOS.',
    fields: {
      useSerial: { text: 'What the BIOS says goes to the serial console too.', default: false },
    },
  },
  EFI: {
    about: 'UEFI firmware, which must be installed on the host (in Debian the package ovmf).',
    fields: {
      secureBoot: {
        text: "Only signed programs boot, by Microsoft's keys. Needs features.smm and the machine type q35.",
        default: true,
      },
      persistent: {
        text: "UEFI's variables outlast the run. Otherwise each run begins with those of the firmware.",
        default: false,
      },
    },
  },
  KernelBoot: {
    about: 'A kernel that is booted directly.',
    fields: {
      kernelArgs: 'The command line of the kernel, on one line. Needs container.',
      container: 'The image that holds the kernel.',
    },
  },
  KernelBootContainer: {
    about: 'Kernel and initial RAM disk as files of an image.',
    fields: {
      image: 'An image of the image directory.',
      kernelPath: 'The kernel: a file of the image. Must be given.',
      initrdPath: 'The initial RAM disk: a file of the image.',
      imagePullPolicy:
        'Whether a registry is asked at each start (Always), only while there is no such image (IfNotPresent), or not at all (Never). Without it: Always for the tag latest, else IfNotPresent. An image that was put into the image directory by hand is always taken as it is.',
      imagePullSecret:
        'A Secret of type kubernetes.io/dockerconfigjson with credentials for the registry.',
    },
  },
} as const satisfies Record<string, TypeWords>;
