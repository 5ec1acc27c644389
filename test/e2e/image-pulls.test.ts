/** Images that the daemon pulls before it starts a VM, from a real registry. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../process/cli-harness.ts';
import { type TinyVariant, tinyImage } from '../support/guests.ts';
import { layer, writeLayout } from '../support/oci-image.ts';
import { LOGIN, Registry } from '../support/registry.ts';
import { RegistryGate } from '../support/registry-gate.ts';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { Vm, withStrategy } from './vm-handle.ts';

const EXAMPLE = new URL('../../vms/pulled.yaml', import.meta.url);
const images = mkdtempSync(join(tmpdir(), 'pulls-'));
const elsewhere = mkdtempSync(join(tmpdir(), 'registry-'));
const registryAuth = join(elsewhere, 'auth.json');
let world: World;
let registry: Registry;
let gate: RegistryGate;

beforeAll(async () => {
  // Guests have users of their own, who must get through.
  chmodSync(images, 0o711);
  registry = await Registry.start(join(elsewhere, 'open'));
  gate = await RegistryGate.before(registry);
  world = await World.start({ images, config: `registryAuth: ${registryAuth}\n` });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await gate[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  for (const directory of [images, elsewhere]) rmSync(directory, { recursive: true, force: true });
});

/** Puts the image of a guest into a registry. @returns its digest */
async function push(name: string, guest: TinyVariant = 'obey', to = registry): Promise<string> {
  const layout = mkdtempSync(join(elsewhere, 'layout-'));
  const content = readFileSync(tinyImage(guest));
  const digest = writeLayout(
    layout,
    layer({ path: 'disk/tiny.img', content }, { path: 'of', content: Buffer.from(name) }),
  );
  await to.push(layout, name);
  return digest;
}

type Strategy = 'Always' | 'Manual';

function pulling(name: string, image: string, more = '', strategy: Strategy = 'Always'): string {
  const text = tinyVm(name, { strategy });
  return text.replace(/containerDisk: .*/, `containerDisk: {image: '${image}'${more}}`);
}

/** Where the name of an image is in the image directory. */
function named(image: string): string {
  return join(images, `${image.replace(':', '_').replace(/:(\w+)$/, '/$1')}.img`);
}

test('the example is pulled and booted', async () => {
  await push('containerdisks/debian:13');
  const text = readFileSync(EXAMPLE, 'utf8').replace('quay.io/', `${gate.host}/`);
  const vm = Vm.put(world, 'pulled', withStrategy(text, 'Always'));
  await vm.listening();
  const told = await cli(world, 'images', 'info', `${gate.host}/containerdisks/debian:13`);
  expect(told.stdout).toMatch(/^Used by: +pulled\nPulled: +sha256:[0-9a-f]{64}$/m);
  world.remove('pulled');
});

test('an image is pulled once for two VMs that wait for it, and is not asked for again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.gate = promise;
  await push('two/web:1');
  const image = `${gate.host}/two/web:1`;
  const one = Vm.put(world, 'one', pulling('one', image));
  const waiting = await one.is('Provisioning');
  expect(waiting.status.held).toMatchObject({ by: 'provisioning' });
  expect(waiting.status.held?.message).toContain(`pulling ${image}`);
  const other = Vm.put(world, 'other', pulling('other', image));
  await other.is('Provisioning');
  expect(existsSync(named(image))).toBe(false);
  resolve();
  const live = await one.running();
  await other.running();
  // The configuration and the one layer.
  expect(gate.blobs.filter((url) => url.includes('/two/'))).toHaveLength(2);
  await one.untilEvent('Pulled');
  expect(lstatSync(named(image)).isSymbolicLink()).toBe(true);

  gate.isAway = true;
  await one.granted('restart', { gracePeriodSeconds: 0 });
  await one.running(live.uid);
  gate.isAway = false;
  world.remove('one');
  world.remove('other');
});

test('under Always each start takes the newest; what is here will do while the registry is away', async () => {
  await push('moves/web:latest');
  const image = `${gate.host}/moves/web`;
  const vm = Vm.put(world, 'moves', pulling('moves', image));
  const first = await vm.listening();
  await push('moves/web:latest', 'witness');
  await vm.granted('restart', { gracePeriodSeconds: 0 });
  const second = await vm.running(first.uid);
  // What only the new guest says.
  await vm.says(second, 'STILL');

  gate.isAway = true;
  await vm.granted('restart', { gracePeriodSeconds: 0 });
  await vm.says(await vm.running(second.uid), 'STILL');
  await vm.untilEvent('ImageNotRefreshed');
  gate.isAway = false;
  world.remove('moves');
});

test('what somebody put there is used, and no registry is asked about it', async () => {
  const image = `${gate.host}/mine/web:latest`;
  mkdirSync(dirname(named(image)), { recursive: true });
  writeFileSync(named(image), readFileSync(tinyImage('obey')));
  const asked = gate.manifests.length;
  const vm = Vm.put(world, 'mine', pulling('mine', image, ', imagePullPolicy: Always'));
  await vm.running();
  expect(gate.manifests).toHaveLength(asked);
  world.remove('mine');
});

test('an image that is not there is told with its reason, and a command tries again at once', async () => {
  const image = `${gate.host}/later/web:1`;
  const vm = Vm.put(world, 'later', pulling('later', image));
  const { status } = await vm.is('ErrImagePull');
  expect(status.held).toMatchObject({ by: 'image-pull-failed' });
  const condition = status.conditions.find(({ type }) => type === 'Synchronized');
  expect(condition).toMatchObject({ status: 'False', reason: 'ErrImagePull' });
  expect(condition?.message).toContain('there is no such image');
  await vm.untilEvent('Failed');
  const described = await cli(world, 'describe', 'later');
  expect(described.stdout).toContain('there is no such image');
  expect(described.stdout).toContain('`solovirt start later` tries at once');
  expect((await cli(world, 'list')).stdout).toMatch(/later .*ErrImagePull/);
  await vm.granted('start');
  await vm.is('ImagePullBackOff');
  await push('later/web:1');
  await vm.granted('start');
  await vm.running();
  world.remove('later');
});

test('a registry that wants a login gets that of the Secret, or that of the host', async () => {
  await using closed = await Registry.start(join(elsewhere, 'closed'), { login: true });
  await push('private/web:1', 'obey', closed);
  await push('private/db:1', 'obey', closed);
  const auth = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64');
  const config = JSON.stringify({ auths: { [closed.host]: { auth } } });
  const image = `${closed.host}/private/web:1`;
  const vm = Vm.put(world, 'login', pulling('login', image));
  const refused = await vm.is('ErrImagePull');
  expect(refused.status.held?.message).toContain('without a login');
  expect(refused.status.held?.message).toContain('imagePullSecret');

  // Nobody else may read it.
  world.write(
    'secret',
    `apiVersion: v1
kind: Secret
metadata: {name: closed}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '${config}'}
`,
  );
  chmodSync(world.file('secret'), 0o600);
  world.write('login', pulling('login', image, ', imagePullSecret: closed'));
  await vm.running();
  expect(world.log).not.toContain(auth);
  expect(
    existsSync(join(world.runtime, 'auth')) && readdirSync(join(world.runtime, 'auth')),
  ).toEqual([]);

  writeFileSync(registryAuth, config, { mode: 0o600 });
  const db = Vm.put(world, 'db', pulling('db', `${closed.host}/private/db:1`));
  await db.running();
  for (const name of ['login', 'db', 'secret']) world.remove(name);
});

test('a stop while an image is pulled breaks that off; a daemon that is killed pulls anew, and nothing half is left', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.gate = promise;
  const digest = await push('late/web:1', 'witness');
  const image = `${gate.host}/late/web@${digest}`;
  const vm = await Vm.known(world, 'late', pulling('late', image, '', 'Manual'));
  const { aborted } = gate;
  await vm.granted('start');
  await vm.is('Provisioning');
  await poll('a layer is on its way', () => gate.blobs.some((url) => url.includes('/late/')));
  await vm.granted('stop');
  await vm.is('Stopped');
  await poll('the connection is closed', () => gate.aborted > aborted);

  const asked = gate.blobs.length;
  await vm.granted('start');
  await vm.is('Provisioning');
  await poll('a layer is on its way again', () => gate.blobs.length > asked);
  await world.endDaemon('SIGKILL');
  const store = join(images, '_store');
  const folder = digest.replace(':', '-');
  expect(existsSync(join(store, folder))).toBe(false);
  // As of a pull with the credentials of a Secret.
  const credentials = join(world.runtime, 'auth/pull-x');
  mkdirSync(credentials, { recursive: true });
  resolve();
  await world.startDaemon();
  expect(existsSync(credentials)).toBe(false);
  await vm.says(await vm.running(), 'STILL');
  expect(statSync(join(store, folder, 'disk.img')).size).toBe(statSync(tinyImage('witness')).size);
  world.remove('late');
});

test('the disk of a data volume comes from an image, and stays when that is pruned', async () => {
  gate.gate = Promise.resolve();
  await push('volumes/web:1', 'witness');
  const image = `${gate.host}/volumes/web:1`;
  const text = pulling('copy', image)
    .replace(/ {10}containerDisk: .*/, '          dataVolume: {name: copy-root}')
    .replace(
      '  template:',
      `  dataVolumeTemplates:
    - metadata: {name: copy-root}
      spec: {source: {registry: {url: 'docker://${image}'}}}
  template:`,
    );
  const vm = Vm.put(world, 'copy', text);
  await vm.says(await vm.running(), 'STILL');
  const told = await cli(world, 'images', 'prune', '--dry-run');
  const file = named(image).slice(images.length + 1);
  expect(told.stdout).toMatch(new RegExp(`^${file} would be removed \\(`, 'm'));
  expect((await cli(world, 'images', 'prune')).code).toBe(0);
  expect(existsSync(named(image))).toBe(false);
  await vm.granted('restart', { gracePeriodSeconds: 0 });
  await vm.running();
});

test('a host says before what would be pulled', async () => {
  const image = `${gate.host}/two/never:1`;
  const checked = await runCli(['validate', '--host', '-', '-o', 'json'], {
    socket: world.socket,
    stdin: pulling('planned', image),
    requestMs: 30_000,
  });
  expect(JSON.parse(checked.stdout).problems).toMatchObject([
    { code: 'no-kvm' },
    { code: 'image-to-be-pulled', severity: 'warning' },
  ]);
});
