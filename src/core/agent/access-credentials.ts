/**
 * What Secrets mean as credentials: the public keys in them, and what the agent in a guest is told. As KubeVirt does it
 * (`pkg/virt-launcher/virtwrap/access-credentials`): whoever is given keys has these keys and no others.
 */
import type { JsonObject } from '../model/json.ts';
import type { AccessCredential } from '../model/virtual-machine.ts';

/** The values of a Secret of the VM's namespace by key; undefined when no file declares it. */
export type SecretValues = (name: string) => ReadonlyMap<string, Uint8Array> | undefined;

/** A command of the agent (QEMU `qga/qapi-schema.json`) about one user of the guest. */
export interface AgentOrder {
  readonly command: 'guest-ssh-add-authorized-keys' | 'guest-set-user-password';
  readonly args: JsonObject;
  /** What the guest has then: "the SSH keys of me". */
  readonly what: string;
  /** Out of the Secret: not to be shown. */
  readonly values: readonly string[];
}

/** What is wrong with a Secret, in words that quote none of its values. */
export class CredentialFault extends Error {}

/** True for those that the agent brings into the guest. */
export function isByAgent({ kind }: AccessCredential): boolean {
  return kind !== 'seed-keys';
}

/** The keys, in the order of the Secret's. @throws CredentialFault */
export function publicKeysOf(secret: string, valuesOf: SecretValues): readonly string[] {
  const keys = texts(secret, valuesOf).flatMap(([key, value]) => {
    // It would be shown to everybody who may look at the guest's disk.
    if (value.includes('PRIVATE KEY'))
      throw new CredentialFault(
        `the Secret ${secret} has a private key under ${key}; what belongs there is the public one, the line in the file that ends in .pub`,
      );
    return value.split('\n').map((line) => line.trim());
  });
  const written = keys.filter((line) => line !== '' && !line.startsWith('#'));
  if (written.length > 0) return written;
  throw new CredentialFault(`the Secret ${secret} has no SSH key`);
}

/** What the agent is to be told, users in the order of the file. @throws CredentialFault */
export function agentOrders(
  credentials: readonly AccessCredential[],
  valuesOf: SecretValues,
): readonly AgentOrder[] {
  const keysByUser = new Map<string, Set<string>>();
  const passwords = new Map<string, string>();
  for (const credential of credentials) {
    const { kind, secret } = credential;
    if (kind === 'agent-passwords')
      for (const [user, password] of texts(secret, valuesOf)) passwords.set(user, password);
    if (kind !== 'agent-keys') continue;
    const keys = publicKeysOf(secret, valuesOf);
    for (const user of credential.users)
      keysByUser.set(user, new Set([...(keysByUser.get(user) ?? []), ...keys]));
  }
  return [
    ...[...keysByUser].map(([username, keys]): AgentOrder => {
      const values = [...keys];
      const args = { username, keys: values, reset: true };
      const what = `the SSH keys of ${username}`;
      return { command: 'guest-ssh-add-authorized-keys', args, what, values };
    }),
    ...[...passwords].map(([username, text]): AgentOrder => {
      const password = base64(text);
      const args = { username, password, crypted: false };
      const what = `the password of ${username}`;
      return { command: 'guest-set-user-password', args, what, values: [text, password] };
    }),
  ];
}

/** Values without the line end that an editor leaves; an empty one says nothing. */
function texts(secret: string, valuesOf: SecretValues): readonly (readonly [string, string])[] {
  const values = valuesOf(secret);
  if (values === undefined)
    throw new CredentialFault(
      `no file declares the Secret ${secret} in the namespace of the VM: put one into the VM directory`,
    );
  return [...values].flatMap(([key, bytes]) => {
    const text = new TextDecoder().decode(bytes).trim();
    return text === '' ? [] : [[key, text] as const];
  });
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The words of an agent about an order, without any of the values that it was given. */
export function withoutValues(words: string, { values }: AgentOrder): string {
  return values.reduce((text, value) => text.replaceAll(value, '(not shown)'), words);
}
