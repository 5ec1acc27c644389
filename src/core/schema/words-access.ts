/** Words for the credentials that a guest is given. */
import type { TypeWords } from './type-words.ts';

export const ACCESS_WORDS = {
  AccessCredential: {
    about:
      'What lets somebody into the guest, from a Secret. Exactly one of sshPublicKey and userPassword is there.',
    fields: {
      sshPublicKey: 'Public keys for SSH.',
      userPassword: 'Passwords of users.',
    },
  },
  AccessCredentialSecretSource: {
    about: 'A Secret of the namespace of the VM.',
    fields: { secretName: 'The Secret.' },
  },
  SSHPublicKeyAccessCredential: {
    about: 'Public keys, and how they get into the guest.',
    fields: {
      source: 'Where the keys are: public keys, one on a line, under any keys of a Secret.',
      propagationMethod: 'How they get into the guest.',
    },
  },
  SSHPublicKeyAccessCredentialSource: {
    about: 'Where the keys are.',
    fields: { secret: 'A Secret: each of its values is public keys.' },
  },
  SSHPublicKeyAccessCredentialPropagationMethod: {
    about: 'Exactly one of them.',
    fields: {
      noCloud:
        'The cloudInitNoCloud volume brings them, at the first boot of the disk. Write "noCloud: {}".',
      configDrive: 'The cloudInitConfigDrive volume brings them, likewise.',
      qemuGuestAgent:
        'The agent in the guest writes them, when it comes up and whenever the Secret changes.',
    },
  },
  NoCloudSSHPublicKeyAccessCredentialPropagation: { about: 'Has no fields.', fields: {} },
  ConfigDriveSSHPublicKeyAccessCredentialPropagation: { about: 'Has no fields.', fields: {} },
  QemuGuestAgentSSHPublicKeyAccessCredentialPropagation: {
    about: 'Through the agent in the guest.',
    fields: {
      users:
        'The users of the guest who get the keys. What else is in their authorized_keys is removed.',
    },
  },
  UserPasswordAccessCredential: {
    about: 'Passwords, and how they get into the guest.',
    fields: {
      source: 'Where the passwords are: each under the name of its user.',
      propagationMethod: 'How they get into the guest.',
    },
  },
  UserPasswordAccessCredentialSource: {
    about: 'Where the passwords are.',
    fields: { secret: 'A Secret: its keys are the names of users, its values their passwords.' },
  },
  UserPasswordAccessCredentialPropagationMethod: {
    about: 'The one way there is.',
    fields: {
      qemuGuestAgent:
        'The agent in the guest sets them, when it comes up and whenever the Secret changes.',
    },
  },
  QemuGuestAgentUserPasswordAccessCredentialPropagation: { about: 'Has no fields.', fields: {} },
} as const satisfies Record<string, TypeWords>;
