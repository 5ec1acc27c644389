/** Seeds for cloud-init, as a guest finds them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { demoVm } from './manifests.ts';
import { Vm, withStrategy } from './vm-handle.ts';

const EXAMPLE = new URL('../../vms/cloud-init.yaml', import.meta.url);

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
