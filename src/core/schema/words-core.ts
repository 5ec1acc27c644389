/** Words for the objects of Kubernetes' core group that stand in files beside VMs. */
import type { TypeWords } from './type-words.ts';

const STORAGE = {
  about: 'What is asked of the storage: a size.',
  fields: {
    resources: 'The size, under requests.storage.',
    accessModes: 'Who may mount it at the same time.',
    storageClassName: 'The kind of storage.',
    volumeMode: 'A file system or a block device.',
    volumeName: 'The volume that is bound to it.',
    selector: 'Labels of the volumes that may be bound to it.',
  },
} as const satisfies TypeWords;

export const CORE_WORDS = {
  CorePersistentVolumeClaimVolumeSource: {
    about: 'A disk that outlives every run, as for persistentVolumeClaim.',
    fields: {
      claimName: 'The name of the claim.',
      readOnly: 'It is only read in any case.',
    },
  },
  CdiDataVolumeSource: {
    about: 'What a disk is made from: exactly one of them.',
    fields: {
      blank: 'Nothing: an empty disk. Write "blank: {}".',
      http: 'A disk image that is downloaded: raw or qcow2.',
      pvc: 'The disk of a claim, which is copied.',
      registry: 'The disk of a container image.',
      upload: 'What is sent with `solovirt image-upload`. Write "upload: {}".',
    },
  },
  DataVolumeBlankImage: { about: 'An empty disk. Has no fields.', fields: {} },
  DataVolumeSourceHTTP: {
    about:
      'A disk image that is downloaded. Give its SHA-256 in the annotation solovirt.io/checksum of the data volume.',
    fields: { url: 'Where it is, beginning with http:// or https://.' },
  },
  DataVolumeSourcePVC: {
    about: 'A claim whose disk is copied while no guest has it.',
    fields: { name: 'The name of the claim.', namespace: 'Its namespace.' },
  },
  DataVolumeSourceRegistry: {
    about: 'A container image with one disk, of a registry or of the image directory.',
    fields: {
      url: 'docker:// and the name of the image.',
      secretRef:
        'A Secret with credentials for the registry: the keys accessKeyId and secretKey, or one of type kubernetes.io/dockerconfigjson.',
      pullMethod: 'Which part of a cluster pulls it.',
    },
  },
  DataVolumeSourceUpload: { about: 'A disk that is sent. Has no fields.', fields: {} },
  DataVolumeSpec: {
    about: 'How a disk is made.',
    fields: {
      source: 'What it is made from.',
      storage: 'Its size. Without it, it is as large as what it is made from.',
      pvc: 'The same as storage; one of them is given.',
      contentType: { text: 'What the source holds.', default: 'kubevirt' },
      preallocation: { text: 'Takes all its room at once.', default: false },
      priorityClassName: 'How important the pod is that makes it.',
    },
  },
  PersistentVolumeClaimSpec: STORAGE,
  StorageSpec: STORAGE,
  VolumeResourceRequirements: {
    about: 'A size.',
    fields: { requests: 'storage: the size of the disk, such as 20Gi.' },
  },
  ConfigMap: {
    about: 'Values that VMs are lent, such as a configuration file. Whoever may look sees them.',
    fields: {
      apiVersion: 'The version of the format: v1.',
      kind: 'The kind of the object.',
      metadata: 'Name, labels and annotations. The name has at most 253 characters.',
      data: 'Texts, each under a key of letters, digits, "-", "_" and ".". Numbers need quotes.',
      binaryData: 'Bytes as base64, each under a key that data has not.',
      immutable:
        'Kept, and shown: over the socket no ConfigMap can be changed, and what its file says holds.',
    },
  },
  Secret: {
    about:
      'Values that VMs are lent and that not everybody may see, such as passwords and keys. The read-only socket shows the keys alone.',
    fields: {
      apiVersion: 'The version of the format: v1.',
      kind: 'The kind of the object.',
      metadata: 'Name, labels and annotations. The name has at most 253 characters.',
      type: {
        text: 'What the values are for. Types of kubernetes.io/ ask for certain keys: tls for tls.crt and tls.key, ssh-auth for ssh-privatekey, basic-auth for username or password.',
        default: 'Opaque',
      },
      data: 'Bytes as base64, each under a key of letters, digits, "-", "_" and ".".',
      stringData:
        'The same as plain text, which the socket shows under data. A key that stands in both has the value from here.',
      immutable:
        'Kept, and shown: over the socket no Secret can be changed, and what its file says holds.',
    },
  },
} as const satisfies Record<string, TypeWords>;
