/** Credentials that the agent brings into a guest that runs. */
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import type { EventObject } from '../../src/api/contract-event.ts';
import type { ObjectList } from '../../src/api/contract-meta.ts';
import { newKey, publicKey } from '../support/ssh-key.ts';
import { agentVm, freePort } from './agent-guest.ts';
import { World } from './daemon-harness.ts';
import { MAIN } from './run-main.ts';
import { eventually } from './vm-handle.ts';
import { condition } from './waiting.ts';

const BY_AGENT = `      accessCredentials:
        - sshPublicKey:
            source: {secret: {secretName: keys}}
            propagationMethod: {qemuGuestAgent: {users: [root]}}
`;
const PASSWORDS = `        - userPassword:
            source: {secret: {secretName: passwords}}
            propagationMethod: {qemuGuestAgent: {}}
`;
const SYNCED = 'AccessCredentialsSynchronized';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function secret(name: string, values: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: values,
  });
}

/** What ssh says as root of the guest `web`, with that key. */
async function logIn(key: string): Promise<string> {
  const own = ['-F', 'none', '-o', `UserKnownHostsFile=${join(world.dir, 'hosts')}`];
  const options = ['-i', key, '--', ...own, '-o', 'IdentitiesOnly=yes', 'echo in'];
  const { stdout, stderr } = await execa(process.execPath, [MAIN, 'ssh', 'root@web', ...options], {
    env: { SOLOVIRT_SOCKET: world.socket, SSH_AUTH_SOCK: '' },
    reject: false,
    timeout: 60_000,
  });
  return stdout === '' ? stderr : stdout;
}

async function messages(name: string, reason: string): Promise<readonly string[]> {
  const { body } = await world.api('GET', '/api/v1/namespaces/default/events');
  const { items } = body as ObjectList<EventObject>;
  const ours = items.filter((event) => event.involvedObject.name === name);
  return ours.flatMap((event) => (event.reason === reason ? [event.message] : []));
}

test('keys of a Secret let in whom its file names, from the moment that it is saved', async () => {
  const first = await newKey(join(world.dir, 'first'));
  const second = await newKey(join(world.dir, 'second'));
  const old = await newKey(join(world.dir, 'old'));
  const [, word = ''] = publicKey(old).split(' ');
  world.write(
    'web',
    agentVm('web', await freePort(), `solovirt.ssh-key=${word}`, 'Always', BY_AGENT),
  );
  const told = (vm: VmObject | undefined) => condition(vm, SYNCED);
  await world.until(
    'web',
    'wants its Secret',
    (vm) => told(vm)?.message?.includes('no file declares the Secret keys') === true,
  );

  world.write('keys', secret('keys', { me: publicKey(first) }));
  await world.until('web', 'has the key', (vm) => told(vm)?.status === 'True');
  expect(await logIn(first)).toBe('in');
  expect(await logIn(old)).toContain('Permission denied');

  world.write('keys', secret('keys', { me: publicKey(second) }));
  await eventually('the new key is in', async () => (await logIn(second)) === 'in');
  expect(await logIn(first)).toContain('Permission denied');
  expect(await messages('web', 'AccessCredentialsSyncSuccess')).toContain(
    'the guest has the SSH keys of root',
  );
  expect(world.log).not.toContain(publicKey(first).split(' ')[1]);
});

test('what the guest’s agent cannot do is told, without a word of the Secret', async () => {
  world.write('passwords', secret('passwords', { root: 'hunter2' }));
  const credentials = `${BY_AGENT.split('\n')[0]}\n${PASSWORDS}`;
  world.write('pw', agentVm('pw', await freePort(), '', 'Always', credentials));
  // This guest has no program chpasswd.
  const vm = await world.until(
    'pw',
    'has no password',
    (v) => condition(v, SYNCED)?.message?.includes('the guest agent refused') === true,
  );
  const { message } = condition(vm, SYNCED) ?? {};
  expect(message).toContain('the password of root: the guest agent refused');
  expect(await messages('pw', 'AccessCredentialsSyncFailed')).toContain(message);
  for (const text of [world.log, message]) {
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(Buffer.from('hunter2').toString('base64'));
  }
});
