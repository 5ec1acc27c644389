/** Seeds for cloud-init, ConfigMaps and Secrets, as a guest finds them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PreflightReport } from '../../src/api/contract-preflight.ts';
import { runCli } from '../process/cli-harness.ts';
import { World } from './daemon-harness.ts';
import { demoVm } from './manifests.ts';
import { eventually, Vm, withStrategy } from './vm-handle.ts';

const EXAMPLE = new URL('../../vms/cloud-init.yaml', import.meta.url);
const SECRETS_EXAMPLE = new URL('../../vms/secrets.yaml', import.meta.url);

let world: World;

beforeAll(async () => {
  world = await World.start();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** What the guest said of a disk, once it has said it all. */
async function shown(vm: Vm, disk: string): Promise<readonly string[]> {
  const live = await vm.running();
  await vm.says(live, `${disk} shown`);
  const lines = readFileSync(vm.paths(live.uid).console, 'utf8').split(/\r?\n/);
  return lines.flatMap(
    (line) => new RegExp(`^solovirt-guest: (${disk} (?:is|has) .*)`).exec(line)?.[1] ?? [],
  );
}

function metaDataOf(lines: readonly string[], path: string): unknown {
  const [text = ''] = lines.flatMap((line) => line.split(` has ${path}: `)[1] ?? []);
  return JSON.parse(text);
}

test('the example’s guest finds a disk labelled cidata with its user data and its name', async () => {
  const vm = Vm.put(world, 'cloud-init', withStrategy(readFileSync(EXAMPLE, 'utf8'), 'Always'));
  const lines = await shown(vm, 'vda');
  expect(lines[0]).toBe('vda is labelled cidata');
  expect(lines).toContain('vda has user-data: #cloud-config');
  expect(lines).toContain('vda has user-data: packages: [nginx]');
  const metaData = metaDataOf(lines, 'meta-data');
  expect(metaData).toMatchObject({ 'local-hostname': 'front' });

  // Only another machine would be set up anew.
  const { uid } = await vm.running();
  await vm.granted('restart', { gracePeriodSeconds: 0 });
  await vm.running(uid);
  expect(metaDataOf(await shown(vm, 'vda'), 'meta-data')).toEqual(metaData);
});

test('a ConfigDrive can be a CD-ROM, and no guest but its own gets at it', async () => {
  const text = demoVm('config', { strategy: 'Always', hooks: 'solovirt.show-disk=sr0' });
  const drive = `          disks: [{name: seed, cdrom: {bus: scsi}}]
      volumes:
        - name: seed
          cloudInitConfigDrive: {userDataBase64: I2Nsb3VkLWNvbmZpZwo=, networkData: '{"links": []}'}
`;
  const vm = Vm.put(world, 'config', text + drive);
  const lines = await shown(vm, 'sr0');
  expect(lines[0]).toBe('sr0 is labelled config-2');
  expect(lines).toContain('sr0 has openstack/latest/user_data: #cloud-config');
  expect(lines).toContain('sr0 has openstack/latest/network_data.json: {"links": []}');
  expect(metaDataOf(lines, 'openstack/latest/meta_data.json')).toMatchObject({
    hostname: 'config',
    instance_id: 'config.default',
  });

  const { uid, pid } = await vm.running();
  const { dir } = vm.paths(uid);
  const seed = statSync(join(dir, 'seed.iso'));
  expect(seed.mode & 0o077).toBe(0);
  expect(seed.uid).toBe(statSync(`/proc/${pid}`).uid);
  await vm.granted('stop', { gracePeriod: 0 });
  await vm.is('Stopped');
  expect(readdirSync(dir).filter((name) => name.endsWith('.iso'))).toEqual([]);
});

const SECRETS = `apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: hunter2}
---
apiVersion: v1
kind: Secret
metadata: {name: seed}
data: {userdata: I2Nsb3VkLWNvbmZpZwo=}
`;

/** What a preflight has against the disks of a file. */
async function notReady(text: string): Promise<readonly string[]> {
  const { stdout } = await runCli(['validate', '--host', '-', '-o', 'json'], {
    socket: world.socket,
    stdin: text,
    requestMs: 30_000,
  });
  const { problems } = JSON.parse(stdout) as PreflightReport;
  return problems.flatMap(({ code, message }) => (code === 'disk-not-ready' ? [message] : []));
}

test('the example of Secrets: one is a disk, the keys of another are in the seed', async () => {
  const text = readFileSync(SECRETS_EXAMPLE, 'utf8');
  const vm = Vm.put(world, 'secrets', withStrategy(text, 'Always'));
  expect(await shown(vm, 'vda')).toEqual(['vda is labelled TOKEN', 'vda has token: example']);
  expect(metaDataOf(await shown(vm, 'vdb'), 'meta-data')).toMatchObject({
    'local-hostname': 'secrets',
    'public-keys': { 0: 'ssh-ed25519 AAAA... me@example.org' },
  });
});

test('Secrets become disks and seeds, and are looked for at the start', async () => {
  const text = demoVm('objects', {
    strategy: 'Manual',
    hooks: 'solovirt.show-disk=vda solovirt.show-disk=vdb',
  });
  const disks = `          disks: [{name: keys, disk: {bus: virtio}}, {name: seed, disk: {bus: virtio}}]
      volumes:
        - name: keys
          secret: {secretName: keys, volumeLabel: KEYS}
        - name: seed
          cloudInitNoCloud: {secretRef: {name: seed}}
`;
  const vm = await Vm.known(world, 'objects', text + disks);
  await vm.granted('start');
  const failed = await vm.ended(1);
  expect(failed.verdict.reason).toBe('LaunchFailed');
  expect(failed.verdict.message).toContain(
    'no file declares the Secret keys in the namespace default',
  );

  const file = text + disks;
  expect(await notReady(file)).toEqual([
    expect.stringContaining('keys'),
    expect.stringContaining('seed'),
  ]);
  // A file may bring what its VMs need.
  expect(await notReady(`${file}---\n${SECRETS}`)).toEqual([]);
  world.write('keys', SECRETS);
  await eventually('the Secrets are in force', async () => (await notReady(file)).length === 0);
  await vm.granted('start');
  expect(await shown(vm, 'vda')).toEqual(['vda is labelled KEYS', 'vda has token: hunter2']);
  expect(await shown(vm, 'vdb')).toContain('vdb has user-data: #cloud-config');
  expect(world.log).not.toContain('hunter2');
});
