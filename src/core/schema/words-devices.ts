/** Words for the devices, and for the volumes and networks behind them. */
import type { TypeWords } from './words.ts';

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
  Volume: {
    about: 'Where the contents of a disk come from: exactly one source.',
    fields: {
      name: 'The name of the disk that shows it.',
      containerDisk:
        'An image of the image directory. What the guest writes is lost when the run ends.',
      hostDisk: 'A file of the host. What the guest writes stays.',
      emptyDisk: 'An empty disk that lasts as long as the run.',
      cloudInitNoCloud:
        'What cloud-init in the guest is to do at the first boot: a small disk, made anew for each run.',
      persistentVolumeClaim:
        'A disk of the image directory that stays. What the guest writes stays.',
      dataVolume: 'The same, by the name of the data volume that made it.',
      ephemeral:
        'A disk that stays, under one that takes what the guest writes and lasts as long as the run.',
      configMap:
        'The values of a ConfigMap, as files of a small disk that is made anew for each run.',
      secret: 'The values of a Secret, likewise.',
      cloudInitConfigDrive: "The same, laid out as OpenStack's configuration drive.",
    },
  },
  ContainerDiskSource: {
    about: 'A disk image from the image directory.',
    fields: {
      image:
        'NAME:TAG, where TAG is latest unless given: a file or a directory of the image directory.',
      path: 'The file inside the image. Without it the usual places are looked at.',
      imagePullPolicy:
        'Whether a registry is asked at each start (Always), only while there is no such image (IfNotPresent), or not at all (Never). Without it: Always for the tag latest, else IfNotPresent. An image that was put into the image directory by hand is always taken as it is.',
      imagePullSecret:
        'A Secret of type kubernetes.io/dockerconfigjson with credentials for the registry.',
    },
  },
  DataVolumeTemplateSpec: {
    about: 'A disk that is made before the VM is started, unless its claim has one already.',
    fields: {
      apiVersion: 'The version of the format.',
      kind: 'The kind of the object.',
      metadata:
        'The name of the data volume, which is that of its claim. The annotation solovirt.io/checksum is the SHA-256 of a download.',
      spec: 'How it is made.',
      status: 'Is empty.',
    },
  },
  HostDisk: {
    about: 'A file of the host as a disk: raw, unless its name ends in .qcow2.',
    fields: {
      path: 'Absolute path of the file. It lies in the image directory or in one of the diskRoots of the configuration.',
      type: 'Disk: the file must be there. DiskOrCreate: it is made if it is not.',
      capacity: 'Size of a file that is made. Goes with DiskOrCreate, and is required there.',
      shared: 'Several VMs use the file.',
    },
  },
  EmptyDiskSource: {
    about: 'An empty disk.',
    fields: { capacity: 'Its size.' },
  },
  CloudInitNoCloudSource: {
    about:
      'A seed for cloud-init, as a disk labelled cidata. User data or network data must be there, each in one of three places.',
    fields: {
      userData: 'What cloud-init is to do, as text: usually begins with #cloud-config.',
      userDataBase64: 'The same in base64, for what is no text.',
      secretRef: 'The Secret that holds it, under the key userdata.',
      networkData: 'How the network is to be set up, as text.',
      networkDataBase64: 'The same in base64.',
      networkDataSecretRef: 'The Secret that holds it, under the key networkdata.',
    },
  },
  CloudInitConfigDriveSource: {
    about:
      "A seed for cloud-init in OpenStack's form, as a disk labelled config-2. User data or network data must be there, each in one of three places.",
    fields: {
      userData: 'What cloud-init is to do, as text: usually begins with #cloud-config.',
      userDataBase64: 'The same in base64, for what is no text.',
      secretRef: 'The Secret that holds it, under the key userdata.',
      networkData: 'How the network is to be set up, as text.',
      networkDataBase64: 'The same in base64.',
      networkDataSecretRef: 'The Secret that holds it, under the key networkdata.',
    },
  },
  LocalObjectReference: {
    about: 'Names an object of the same namespace.',
    fields: { name: 'Its name.' },
  },
  PersistentVolumeClaimVolumeSource: {
    about:
      'A disk that outlives every run: the file _claims/NAMESPACE/NAME.qcow2 (or .img, raw) of the image directory. As a filesystem: the directory _claims/NAMESPACE/NAME there.',
    fields: {
      claimName: 'The name of the claim.',
      hotpluggable: 'The disk may be unplugged from a running guest.',
      readOnly: {
        text: 'The guest may only read. For filesystems; a disk has readonly at the disk.',
        default: false,
      },
    },
  },
  DataVolumeSource: {
    about: 'A disk that was made from something. Its claim has the same name.',
    fields: {
      name: 'The name of the data volume.',
      hotpluggable: 'The disk may be unplugged from a running guest.',
    },
  },
  EphemeralVolumeSource: {
    about: 'A disk that is only read, under one that takes what the guest writes.',
    fields: { persistentVolumeClaim: 'The disk that is only read.' },
  },
  ConfigMapVolumeSource: {
    about: 'A ConfigMap as a disk: an ISO 9660 file system with a file for each key.',
    fields: {
      name: 'The ConfigMap.',
      optional: { text: 'The disk is empty where there is no such ConfigMap.', default: false },
      volumeLabel: { text: 'The label of the file system.', default: 'cfgdata' },
    },
  },
  SecretVolumeSource: {
    about: 'A Secret as a disk: an ISO 9660 file system with a file for each key.',
    fields: {
      secretName: 'The Secret.',
      optional: { text: 'The disk is empty where there is no such Secret.', default: false },
      volumeLabel: { text: 'The label of the file system.', default: 'cfgdata' },
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
