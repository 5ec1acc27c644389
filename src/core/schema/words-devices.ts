/** Words for the devices, and for the networks behind them; volumes have their own. */
import type { TypeWords } from './type-words.ts';

const BOOT_ORDER =
  'The place in the order of booting, from 1; the lowest is tried first. A number stands once over all disks and interfaces.';

export const DEVICE_WORDS = {
  Devices: {
    about: 'Everything that is plugged into the machine.',
    fields: {
      disks: 'Disks and CD-ROM drives. A volume that no disk names gets a disk with all defaults.',
      interfaces: 'Network cards. Without interfaces and networks there is one, named default.',
      filesystems: 'Directories that the guest shares with the host.',
      rng: 'A source of randomness (virtio). Write "rng: {}".',
      video: 'The display.',
      inputs: 'Tablets, for the pointer.',
      tpm: 'A TPM 2.0. Write "tpm: {}".',
      watchdog: 'A watchdog that the guest has to feed.',
      panicDevices:
        'How the guest tells that its kernel panicked. Unlike in KubeVirt, a VM without this list has one pvpanic device.',
      autoattachGraphicsDevice: { text: 'A VGA display.', default: true },
      autoattachSerialConsole: {
        text: 'A serial port, whose output is kept as the console log.',
        default: true,
      },
      autoattachMemBalloon: { text: 'A memory balloon.', default: true },
      autoattachInputDevice: { text: 'A tablet, for the pointer.', default: false },
      autoattachPodInterface: {
        text: 'A network card although none is listed.',
        default: true,
      },
      autoattachVSOCK: {
        text: 'Sockets between host and guest (vsock). The host needs the kernel module vhost_vsock.',
        default: false,
      },
      blockMultiQueue: {
        text: 'As many queues for each disk on virtio as the guest has CPUs.',
        default: false,
      },
      disableHotplug: 'Leaves out the ports into which devices could be plugged later.',
      networkInterfaceMultiqueue: 'Several queues for each virtio network card.',
      useVirtioTransitional: 'virtio devices that old guests understand, too.',
    },
  },
  Disk: {
    about:
      'A disk or a CD-ROM drive; what is in it comes from the volume of the same name. At most one of disk, cdrom and lun is there.',
    fields: {
      name: 'The name of the volume.',
      disk: 'Shows the volume as a disk. This is what is assumed.',
      cdrom: 'Shows the volume as a CD-ROM.',
      bootOrder: BOOT_ORDER,
      serial:
        'The serial number that the guest sees: letters, digits, "_", ".", "+" and "-"; at most 20 characters on virtio and sata, 36 on scsi and usb.',
      cache:
        'How writes are cached. Without it: none where the file system can do direct I/O, else writethrough.',
      errorPolicy: {
        text: 'What an I/O error does. stop: the guest is paused. report: the guest is told. ignore: nothing. enospace: paused when the disk is full, else told.',
        default: 'stop',
      },
      shareable: {
        text: 'Lets several VMs write at once, each of which says so. The image is raw, and the file system in it one for that.',
        default: false,
      },
      blockSize: 'The sizes of blocks that the guest is told.',
      lun: 'Hands the SCSI commands of the guest to a block device of the host.',
      io: {
        text: "How QEMU hands requests to the host's kernel. native: by its asynchronous interface, without the page cache. threads: from threads of its own. default: as QEMU thinks best.",
        default: 'default',
      },
      dedicatedIOThread: {
        text: 'A thread of QEMU serves this disk alone. On virtio only.',
        default: false,
      },
      changedBlockTracking: 'Keeps track of what was written since the last backup.',
    },
  },
  Filesystem: {
    about:
      'A directory that the guest mounts, while the host has it too (virtio-fs): what is in it comes from the volume of the same name, which is a persistentVolumeClaim, dataVolume, configMap or secret. virtiofsd must be installed on the host.',
    fields: {
      name: 'The name of the volume, and the tag by which the guest mounts it: "mount -t virtiofs NAME /mnt". At most 36 characters.',
      virtiofs: 'Must be there: write "virtiofs: {}".',
    },
  },
  FilesystemVirtiofs: { about: 'How the directory is shared. Has no fields.', fields: {} },
  DiskTarget: {
    about: 'How a disk is connected.',
    fields: {
      bus: {
        text: 'What the disk is connected to. virtio is the fastest; at most 6 disks fit on sata.',
        default: 'sata',
      },
      readonly: { text: 'The guest cannot write. Not on sata.', default: false },
    },
  },
  LunTarget: {
    about: 'How a block device takes SCSI commands.',
    fields: {
      bus: { text: 'What it is connected to.', default: 'scsi' },
      readonly: { text: 'The guest cannot write.', default: false },
      reservation: 'Persistent reservations, by a helper.',
    },
  },
  BlockSize: {
    about: 'The sizes of the blocks of a disk.',
    fields: { custom: 'The sizes in numbers. Must be there.' },
  },
  CustomBlockSize: {
    about: 'Sizes in bytes: powers of two from 512 to 2097152.',
    fields: {
      logical: 'What the guest reads and writes at once. On sata 512.',
      physical: 'What the disk does at once; no smaller than a logical block.',
      discardGranularity: 'What can be given back at once; a multiple of the logical block.',
    },
  },
  CDRomTarget: {
    about: 'How a CD-ROM drive is connected.',
    fields: {
      bus: { text: 'sata, scsi or usb; there is no virtio CD-ROM drive.', default: 'sata' },
      readonly: { text: 'A CD-ROM cannot be written, so false is refused.', default: true },
      tray: { text: 'Whether the tray is in.', default: 'closed' },
    },
  },
  Interface: {
    about: 'A network card. Its network has the same name.',
    fields: {
      name: 'The name of the network.',
      masquerade:
        'Connects the guest behind the host: it reaches out, and nothing reaches it but forwarded ports. For the pod network: write "masquerade: {}".',
      passtBinding:
        'The same over passt, a program of its own, with the host’s loopback out of the guest’s reach. For the pod network: write "passtBinding: {}".',
      bridge:
        'Makes the guest a member of a network of the host, with an address of its own there. For a network with multus: write "bridge: {}".',
      model: { text: 'The model of the card.', default: 'virtio' },
      macAddress:
        'The address of the card, such as 52:54:00:12:34:56; no multicast address. Without it solovirt chooses one, the same for each run.',
      bootOrder: BOOT_ORDER,
      ports:
        'The ports of the guest that may be forwarded. Without a list all may. The annotation solovirt.io/host-ports says which ports of the host lead there.',
      state: { text: 'Whether the cable is plugged in.', default: 'up' },
    },
  },
  InterfaceMasquerade: {
    about: 'Behind the host, by address translation. Has no fields.',
    fields: {},
  },
  InterfacePasstBinding: {
    about: 'Behind the host, over passt. Has no fields.',
    fields: {},
  },
  InterfaceBridge: {
    about: 'A port of a bridge of the host. Has no fields.',
    fields: {},
  },
  Port: {
    about: 'A port of the guest.',
    fields: {
      name: 'A name for the port.',
      protocol: { text: 'TCP or UDP.', default: 'TCP' },
      port: 'The number.',
    },
  },
  Network: {
    about: 'What an interface is connected to.',
    fields: {
      name: 'The name of the interface.',
      pod: 'The network of the host. Write "pod: {}". KubeVirt allows one for each VM.',
      multus: 'A network of the host that a NetworkAttachmentDefinition describes.',
    },
  },
  PodNetwork: { about: 'The network of the host. None of its fields is supported.', fields: {} },
  MultusNetwork: {
    about: 'A network of the host.',
    fields: {
      networkName:
        'The name of its NetworkAttachmentDefinition; that of another namespace is written NAMESPACE/NAME.',
      default: { text: 'Takes the place of the pod network.', default: false },
    },
  },
  Rng: { about: 'A random number generator. Has no fields.', fields: {} },
  VideoDevice: {
    about: 'The display.',
    fields: { type: 'vga, bochs, cirrus or virtio. Without it: vga, or bochs under UEFI.' },
  },
  Input: {
    about: 'An input device.',
    fields: {
      name: 'Any name.',
      type: 'KubeVirt has tablets alone.',
      bus: { text: 'What it is connected to.', default: 'usb' },
    },
  },
  TPMDevice: {
    about: 'A TPM 2.0, emulated by swtpm, which must be installed on the host.',
    fields: {
      enabled: { text: 'Whether it is there.', default: true },
      persistent: {
        text: 'What the TPM holds outlasts the run. Otherwise each run begins with a new one.',
        default: false,
      },
    },
  },
  Watchdog: {
    about: 'A watchdog.',
    fields: {
      name: 'Any name.',
      i6300esb: 'An Intel 6300ESB, the model of this version; the one that is assumed.',
    },
  },
  I6300ESBWatchdog: {
    about: 'An Intel 6300ESB watchdog.',
    fields: {
      action: {
        text: 'What happens when the guest stops feeding it. reset: the machine is reset. poweroff: it is switched off. shutdown: the guest is asked to shut down.',
        default: 'reset',
      },
    },
  },
  PanicDevice: {
    about: 'A device by which a guest tells that its kernel panicked.',
    fields: {
      model: { text: 'pvpanic: a PCI device. isa: one at a fixed port.', default: 'isa' },
    },
  },
} as const satisfies Record<string, TypeWords>;
