/** The seed disks of cloud-init, as they are made for an instance. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { CloudInitSource, DiskSpec } from '../../src/core/model/virtual-machine.ts';
import { prepareInstance, removeInstanceDisks } from '../../src/qemu/prepare.ts';
import { aDisk, aSpec } from '../unit/core/qemu-args/builders.ts';
import { place, prepareOne } from './prepare-support.ts';

const USER_DATA = { kind: 'text', text: '#cloud-config\nhostname: ü\n' } as const;

function seed(source: Partial<CloudInitSource>, changes: Partial<DiskSpec> = {}): DiskSpec {
  const whole: CloudInitSource = { kind: 'cloudInit', format: 'NoCloud', ...source };
  return aDisk({ name: 'seed', source: whole, ...changes });
}

async function read(iso: string, path: string): Promise<string> {
  const { stdout } = await execa('isoinfo', ['-i', iso, '-R', '-x', path], {
    stripFinalNewline: false,
  });
  return stdout;
}

async function label(iso: string): Promise<string> {
  return (await execa('blkid', ['-p', '-s', 'LABEL', '-o', 'value', iso])).stdout;
}

test('NoCloud: what the author wrote, and who the guest is', async () => {
  await using where = await place();
  const networkData = { kind: 'base64', base64: 'dmVyc2lvbjogMgo=' } as const;
  const { file, format } = await prepareOne(where, seed({ userData: USER_DATA, networkData }));
  expect(file).toBe(join(where.instanceDir, 'seed.iso'));
  expect(format).toBe('raw');
  expect(await label(file)).toBe('cidata');
  expect(await read(file, '/user-data')).toBe(USER_DATA.text);
  expect(await read(file, '/network-config')).toBe('version: 2\n');
  expect(JSON.parse(await read(file, '/meta-data'))).toEqual({
    'instance-id': '143f36cd-489a-8cdf-ba2d-28da94ffe464',
    'local-hostname': 'web',
  });
  expect((await stat(file)).mode & 0o007).toBe(0);
});

test('NoCloud with network data alone has user data all the same, for else it is no seed', async () => {
  await using where = await place();
  const { file } = await prepareOne(
    where,
    seed({ networkData: { kind: 'text', text: 'version: 1' } }),
  );
  expect(await read(file, '/user-data')).toBe('');
  expect(await read(file, '/network-config')).toBe('version: 1');
});

test('ConfigDrive: the same, laid out as OpenStack does', async () => {
  await using where = await place();
  const { file } = await prepareOne(where, seed({ format: 'ConfigDrive', userData: USER_DATA }));
  expect(await label(file)).toBe('config-2');
  expect(await read(file, '/openstack/latest/user_data')).toBe(USER_DATA.text);
  expect(JSON.parse(await read(file, '/openstack/latest/meta_data.json'))).toEqual({
    instance_id: 'web.default',
    hostname: 'web',
    uuid: '143f36cd-489a-8cdf-ba2d-28da94ffe464',
  });
});

test('the guest gets the host name of its manifest', async () => {
  await using where = await place();
  const disks = [seed({ userData: USER_DATA })];
  const { disks: prepared } = await prepareInstance(aSpec({ disks, hostname: 'front' }), where);
  const metaData = await read(prepared[0]?.file ?? '', '/meta-data');
  expect(JSON.parse(metaData)).toMatchObject({ 'local-hostname': 'front' });
});

test('a seed is made anew for each instance and removed with its other disks', async () => {
  await using where = await place();
  await prepareOne(where, seed({ userData: USER_DATA }));
  const { file } = await prepareOne(where, seed({ userData: { kind: 'text', text: 'new' } }));
  expect(await read(file, '/user-data')).toBe('new');
  await removeInstanceDisks(where.instanceDir);
  expect(await readdir(where.instanceDir)).toEqual([]);
});
