/** Words for the objects of Kubernetes' core group that stand in files beside VMs. */
import type { TypeWords } from './words.ts';

export const CORE_WORDS = {
  CorePersistentVolumeClaimVolumeSource: {
    about: 'A disk that outlives every run, as for persistentVolumeClaim.',
    fields: {
      claimName: 'The name of the claim.',
      readOnly: 'It is only read in any case.',
    },
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
