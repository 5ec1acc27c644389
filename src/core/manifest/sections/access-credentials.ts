/**
 * `accessCredentials`: keys and passwords from Secrets. Rules beyond the single fields are those of KubeVirt's webhook
 * (`validateAccessCredentials`): one kind each, one way each, and a seed for those that a seed is to bring.
 */
import type { AccessCredential } from '../../model/virtual-machine.ts';
import { quoted } from '../field-path.ts';
import { type Found, list, type Read, telling, text, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { OBJECT_NAME } from './object-volumes.ts';
import type { VOLUME } from './volumes.ts';

const SECRET = object({
  type: 'AccessCredentialSecretSource',
  fields: { secretName: OBJECT_NAME },
  required: ['secretName'],
});

const NAMES = list(text(checkUser));
const USERS: Read<readonly Found<string>[]> = telling(
  { kind: 'items', item: text(checkUser) },
  (node, spot, report) => {
    if (node.kind === 'list' && node.items.length === 0)
      report.error('required', spot, 'name at least one user of the guest');
    return NAMES(node, spot, report);
  },
);

export const ACCESS_CREDENTIAL = object({
  type: 'AccessCredential',
  fields: {
    sshPublicKey: object({
      type: 'SSHPublicKeyAccessCredential',
      fields: {
        source: object({
          type: 'SSHPublicKeyAccessCredentialSource',
          fields: { secret: SECRET },
          required: ['secret'],
        }),
        propagationMethod: object({
          type: 'SSHPublicKeyAccessCredentialPropagationMethod',
          fields: {
            noCloud: object({
              type: 'NoCloudSSHPublicKeyAccessCredentialPropagation',
              fields: {},
            }),
            configDrive: object({
              type: 'ConfigDriveSSHPublicKeyAccessCredentialPropagation',
              fields: {},
            }),
            qemuGuestAgent: object({
              type: 'QemuGuestAgentSSHPublicKeyAccessCredentialPropagation',
              fields: { users: USERS },
              required: ['users'],
            }),
          },
          marks: ['noCloud', 'configDrive'],
        }),
      },
      required: ['source', 'propagationMethod'],
    }),
    userPassword: object({
      type: 'UserPasswordAccessCredential',
      fields: {
        source: object({
          type: 'UserPasswordAccessCredentialSource',
          fields: { secret: SECRET },
          required: ['secret'],
        }),
        propagationMethod: object({
          type: 'UserPasswordAccessCredentialPropagationMethod',
          fields: {
            qemuGuestAgent: object({
              type: 'QemuGuestAgentUserPasswordAccessCredentialPropagation',
              fields: {},
            }),
          },
          required: ['qemuGuestAgent'],
          marks: ['qemuGuestAgent'],
        }),
      },
      required: ['source', 'propagationMethod'],
    }),
  },
});

type Credential = Found<ValueOf<typeof ACCESS_CREDENTIAL>>;
type SshKeys = Found<NonNullable<Credential['value']['get']['sshPublicKey']>['value']>;

/** The ways that keys go, each with the volume that it needs. */
const WAYS = ['noCloud', 'configDrive', 'qemuGuestAgent'] as const;
const SEEDS = {
  noCloud: { format: 'NoCloud', volume: 'cloudInitNoCloud' },
  configDrive: { format: 'ConfigDrive', volume: 'cloudInitConfigDrive' },
} as const;

/** A name that cannot end a line or a field of what the guest's programs read. */
function checkUser(name: string): string | undefined {
  return /[\s:\p{Cc}]/u.test(name) ? `${quoted(name)} is no name of a user` : undefined;
}

/** @returns undefined when there are none */
export function resolveAccessCredentials(
  {
    accessCredentials,
    volumes,
  }: {
    readonly accessCredentials?: Found<readonly Credential[]>;
    readonly volumes?: Found<readonly Found<ValueOf<typeof VOLUME>>[]>;
  },
  report: Report,
): readonly AccessCredential[] | undefined {
  const present = new Set(volumes?.value.flatMap(({ value }) => [...value.present]));
  const resolved = accessCredentials?.value.flatMap(
    (credential) => resolveCredential(credential, present, report) ?? [],
  );
  return resolved?.length ? resolved : undefined;
}

function resolveCredential(
  credential: Credential,
  volumes: ReadonlySet<string>,
  report: Report,
): AccessCredential | undefined {
  const { present, get } = credential.value;
  const kinds = ['sshPublicKey', 'userPassword'].filter((name) => present.has(name));
  if (kinds.length !== 1) {
    const place = { path: credential.path, offset: credential.keyOffset };
    const message = 'a credential is one of sshPublicKey and userPassword';
    report.error(kinds.length === 0 ? 'required' : 'mutually-exclusive', place, message);
    return undefined;
  }
  if (get.sshPublicKey) return resolveKeys(get.sshPublicKey, volumes, report);
  const secret = secretOf(get.userPassword?.value.get.source);
  return secret === undefined ? undefined : { kind: 'agent-passwords', secret };
}

function resolveKeys(
  keys: SshKeys,
  volumes: ReadonlySet<string>,
  report: Report,
): AccessCredential | undefined {
  const secret = secretOf(keys.value.get.source);
  const method = keys.value.get.propagationMethod;
  if (secret === undefined || method === undefined) return undefined;
  const { present, get } = method.value;
  const [way, second] = WAYS.filter((name) => present.has(name));
  if (way === undefined) {
    const place = { path: method.path, offset: method.keyOffset };
    report.error('required', place, `keys go one way: ${WAYS.join(', ')}`);
    return undefined;
  }
  const at = get[second ?? way] ?? method;
  const place = { path: at.path, offset: at.keyOffset };
  if (second !== undefined) {
    report.error('mutually-exclusive', place, `keys go one way, and ${way} is there already`);
    return undefined;
  }
  if (way === 'qemuGuestAgent') {
    const users = get.qemuGuestAgent?.value.get.users;
    if (users === undefined) return undefined;
    return { kind: 'agent-keys', secret, users: users.value.map(({ value }) => value) };
  }
  const { format, volume } = SEEDS[way];
  if (!volumes.has(volume))
    report.error('missing-volume', place, `${way} needs a volume ${volume}, which brings the keys`);
  return { kind: 'seed-keys', secret, format };
}

function secretOf(
  source: Found<{ readonly get: { readonly secret?: Found<ValueOf<typeof SECRET>> } }> | undefined,
): string | undefined {
  return source?.value.get.secret?.value.get.secretName?.value;
}
