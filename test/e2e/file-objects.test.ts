/** Secrets and ConfigMaps beside VMs in files: shown to clients, never to those who may only look, live as files change. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { CoreV1Api, makeInformer, type V1ConfigMap, type V1Secret } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostInfo } from '../../src/api/contract-host.ts';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';
import { SocketConfig } from './socket-config.ts';
import { WatchStream } from './watch-stream.ts';

/** Of the Secret: must be found where it may be seen, and nowhere else. */
const PASSWORD = 'hunter2-correct-horse';
const BASE64 = Buffer.from(PASSWORD).toString('base64');
const SECRETS = '/api/v1/namespaces/default/secrets';
const DEADLINE_MS = 30_000;

const secret = (name: string, password = PASSWORD): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, labels: {app: web}}\nstringData: {password: ${password}, userData: x${password}}\n`;
const configMap = (name: string, namespace = 'default'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: {mode: fast}\nbinaryData: {logo: aGk=}\n`;

let world: World;
let kubectl: Kubectl;
let looking: Kubectl;
let readonlySocket: string;
beforeAll(async () => {
  world = await World.start();
  readonlySocket = join(dirname(world.socket), 'solovirt-ro.sock');
  kubectl = await Kubectl.on(world);
  looking = await Kubectl.on({ socket: readonlySocket, dir: join(world.dir, 'ro') });
  const vm = tinyVm('web', { strategy: 'Always' });
  world.write('web', `${secret('keys')}---\n${vm}---\n${configMap('settings')}`);
  world.write('far', configMap('far.settings', 'prod'));
  await world.untilStatus('web', 'Running');
  using secrets = new WatchStream(world.socket, `${SECRETS}?watch=1`);
  await secrets.until('the Secret', ({ object }) => object.metadata.name === 'keys');
});
afterAll(async () => {
  await kubectl[Symbol.asyncDispose]();
  await looking[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

interface Got {
  readonly code: number;
  readonly text: string;
}

function get(socketPath: string, path: string, accept = 'application/json'): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const asked = request({ socketPath, path, headers: { accept } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

describe('kubectl', () => {
  test('lists them in tables', async () => {
    const rows = (await kubectl.ok(['get', 'secret,cm', '--no-headers'])).split('\n');
    expect(rows.map((row) => row.trim().split(/\s+/).slice(0, -1))).toEqual([
      ['secret/keys', 'Opaque', '2'],
      ['configmap/settings', '2'],
    ]);
    const all = await kubectl.ok(['get', 'cm', '-A', '-o', 'name']);
    expect(all).toBe('configmap/settings\nconfigmap/far.settings');
    expect(await kubectl.ok(['get', 'secret', '-l', 'app=web', '-o', 'name'])).toBe('secret/keys');
    const types = ['--field-selector', 'type=kubernetes.io/tls'];
    expect(await kubectl.ok(['get', 'secret', ...types])).toBe('');
  });

  test('shows values as base64, and texts of a ConfigMap as they are', async () => {
    expect(await kubectl.ok(['get', 'secret', 'keys', '-o', 'jsonpath={.data.password}'])).toBe(
      BASE64,
    );
    const yaml = await kubectl.ok(['get', 'cm', 'settings', '-o', 'yaml']);
    expect(yaml).toContain('data:\n  mode: fast\n');
    expect(yaml).toContain('binaryData:\n  logo: aGk=\n');
  });

  test('shows networks of the host as multus has them', async () => {
    const lan = '{"type": "bridge", "bridge": "br0"}';
    world.write(
      'lan',
      `apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: lan}\nspec: {config: '${lan}'}\n`,
    );
    using networks = new WatchStream(
      world.socket,
      '/apis/k8s.cni.cncf.io/v1/network-attachment-definitions?watch=1',
    );
    await networks.until('the network', ({ object }) => object.metadata.name === 'lan');
    expect(
      await kubectl.ok(['get', 'net-attach-def', '-o', 'jsonpath={.items[0].spec.config}']),
    ).toBe(lan);
    expect(await kubectl.ok(['get', 'net-attach-def', '-o', 'name'])).toBe(
      'networkattachmentdefinition.k8s.cni.cncf.io/lan',
    );
    expect(await kubectl.ok(['explain', 'net-attach-def.spec.config'])).toContain('bridge');
  });

  test('describes them, the Secret by sizes alone', async () => {
    const described = await kubectl.ok(['describe', 'secret', 'keys']);
    expect(described).toMatch(/Type: +Opaque/);
    expect(described).toMatch(new RegExp(`^password: +${PASSWORD.length} bytes$`, 'm'));
    expect(await kubectl.ok(['describe', 'cm', 'settings'])).toMatch(/mode:\n----\nfast/);
  });

  test('explains them, and knows the namespace that only a ConfigMap is in', async () => {
    expect(await kubectl.ok(['explain', 'secret.stringData'])).toContain('plain text');
    expect(await kubectl.ok(['get', 'ns', '-o', 'name'])).toBe('namespace/default\nnamespace/prod');
  });

  test.for([
    ['create secret generic made --from-literal=a=b'],
    ['create configmap made --from-literal=a=b'],
    ['label secret keys a=b'],
    ['patch cm settings --type=merge -p {"data":{"mode":"slow"}}'],
    ['delete secret keys'],
    ['delete cm --all'],
    ['delete net-attach-def lan'],
  ])('%s is refused, and the files stay as they are', async ([command = '']) => {
    const before = readFileSync(world.file('web'), 'utf8');
    const { code, stderr } = await kubectl.run(command.split(' '));
    expect([code, stderr]).toEqual([1, expect.stringContaining('files of the VM directory')]);
    expect(readFileSync(world.file('web'), 'utf8')).toBe(before);
  });

  test('may look, and not write', async () => {
    expect(await kubectl.ok(['auth', 'can-i', 'get', 'secrets'])).toBe('yes');
    expect((await kubectl.run(['auth', 'can-i', 'create', 'configmaps'])).stdout).toMatch(/^no\b/);
  });
});

describe('on the read-only socket', () => {
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

  test.for([
    [`${SECRETS}/keys`, 'application/json'],
    [SECRETS, 'application/json'],
    ['/api/v1/secrets', 'application/json'],
    [`${SECRETS}?includeObject=Object`, TABLE],
    [`${SECRETS}?watch=1&timeoutSeconds=1`, 'application/json'],
    [`${SECRETS}?watch=1&timeoutSeconds=1&includeObject=Object`, TABLE],
  ])('%s (%s) has the keys and no values', async ([path = '', accept = '']) => {
    const open = await get(world.socket, path, accept);
    expect(open.text).toContain(BASE64);
    const { code, text } = await get(readonlySocket, path, accept);
    expect(code).toBe(200);
    expect(text).toContain('"data":{"password":"","userData":""}');
    expect(text).not.toContain(BASE64);
  });

  test('kubectl sees that there is a Secret, and what a ConfigMap holds', async () => {
    expect(await looking.ok(['describe', 'secret', 'keys'])).toMatch(/^password: +0 bytes$/m);
    expect(await looking.ok(['get', 'cm', 'settings', '-o', 'jsonpath={.data.mode}'])).toBe('fast');
  });
});

test('a library reads them typed, and its informer sees them come, change and go while the guest runs on', async () => {
  const config = new SocketConfig(world.socket);
  const core = config.makeApiClient(CoreV1Api);
  const read: V1Secret = await core.readNamespacedSecret({ namespace: 'default', name: 'keys' });
  expect([read.type, read.data?.['password']]).toEqual(['Opaque', BASE64]);
  const maps: readonly V1ConfigMap[] = (await core.listConfigMapForAllNamespaces()).items;
  expect(maps.map(({ metadata }) => metadata?.name)).toEqual(['settings', 'far.settings']);

  const { uid } = (await world.vm('web')).status.instance ?? {};
  const informer = makeInformer(config, '/api/v1/secrets', () => core.listSecretForAllNamespaces());
  const seen: string[] = [];
  let look = (): void => {};
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, ({ metadata, data }: V1Secret) => {
      const text = Buffer.from(data?.['password'] ?? '', 'base64').toString();
      seen.push(`${verb} ${metadata?.name} ${text}`);
      look();
    });
  const seeing = async (wanted: string): Promise<void> => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (!seen.includes(wanted)) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      look = resolve;
      deadline.onabort = () =>
        reject(new Error(`not in time: ${wanted}; seen: ${seen.join(', ')}`));
      await promise;
    }
  };
  await informer.start();
  await seeing(`add keys ${PASSWORD}`);
  world.write('more', secret('more', 'one'));
  await seeing('add more one');
  world.write('more', secret('more', 'two'));
  await seeing('update more two');
  // Broken, then gone: the last good one stays until then.
  world.write('more', secret('more', '[three'));
  await world.untilStatus('more.yaml', 'Invalid');
  expect((await get(world.socket, `${SECRETS}/more`)).text).toContain(
    Buffer.from('two').toString('base64'),
  );
  world.remove('more');
  await seeing('delete more two');
  await informer.stop();
  await config.agent.destroy();
  expect((await world.vm('web')).status.instance?.uid).toBe(uid);
});

test('no value is in the log, in what is shown of VMs, or in what is stored', async () => {
  const broken = secret('broken', `"${PASSWORD}`);
  world.write('broken', `${broken}---\n${secret('number', `!${PASSWORD} x`)}`);
  const shown = await world.untilStatus('broken.yaml', 'Invalid');
  expect(shown.status.problems?.length).toBeGreaterThan(0);
  expect((await get(world.socket, '/apis/kubevirt.io/v1/virtualmachines')).text).not.toContain(
    PASSWORD,
  );
  expect((await get(world.socket, '/api/v1/events')).text).not.toContain(PASSWORD);
  expect(world.log).not.toContain(PASSWORD);
  const stored = readdirSync(world.state).filter((name) => name.startsWith('state.db'));
  expect(stored).not.toEqual([]);
  for (const name of stored)
    for (const text of [PASSWORD, BASE64])
      expect(readFileSync(join(world.state, name)).includes(text), name).toBe(false);
  world.remove('broken');
});

test('a file with a Secret that every user can read is warned of', async () => {
  chmodSync(world.dir, 0o755);
  chmodSync(world.vms, 0o755);
  chmodSync(world.file('web'), 0o644);
  const warnings = async () =>
    ((await world.api('GET', '/apis/solovirt.io/v1/info')).body as HostInfo).warnings.join();
  expect(await warnings()).toContain(`every user of this host can read ${world.file('web')}`);
  chmodSync(world.file('web'), 0o600);
  expect(await warnings()).not.toContain('every user');
});

test('changing and deleting the VM leaves what stands beside it in its file', async () => {
  world.write('both', `${secret('stays')}---\n${tinyVm('both', { strategy: 'Halted' })}`);
  await world.untilStatus('both', 'Stopped');
  await kubectl.ok(['label', 'vm', 'both', 'a=b']);
  expect(world.read('both')).toContain('a: b');
  expect(world.read('both').startsWith(`${secret('stays')}---\n`)).toBe(true);
  await kubectl.ok(['delete', 'vm', 'both']);
  expect(world.read('both')).toBe(secret('stays'));
  expect((await get(world.socket, `${SECRETS}/stays`)).code).toBe(200);
});
