/** Words for what is behind disks and shared directories: volumes, and what makes them. */
import type { TypeWords } from './type-words.ts';

/** Of both forms of a seed for cloud-init. */
const SEED_FIELDS = {
  userData: 'What cloud-init is to do, as text: usually begins with #cloud-config.',
  userDataBase64: 'The same in base64, for what is no text.',
  secretRef: 'The Secret that holds it, under the key userdata.',
  networkData: 'How the network is to be set up, as text.',
  networkDataBase64: 'The same in base64.',
  networkDataSecretRef: 'The Secret that holds it, under the key networkdata.',
};

export const VOLUME_WORDS = {
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
    fields: SEED_FIELDS,
  },
  CloudInitConfigDriveSource: {
    about:
      "A seed for cloud-init in OpenStack's form, as a disk labelled config-2. User data or network data must be there, each in one of three places.",
    fields: SEED_FIELDS,
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
} as const satisfies Record<string, TypeWords>;
