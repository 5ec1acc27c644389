/** The seed disks of cloud-init, as they are made for an instance. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { CloudInitSource, DiskSpec } from '../../src/core/model/storage.ts';
import type { ValuesOf } from '../../src/qemu/made-image.ts';
import { prepareInstance, removeInstanceDisks } from '../../src/qemu/prepare.ts';
import { aDisk, aSpec } from '../unit/core/qemu-args/builders.ts';
import { place, prepareOne, refusal } from './prepare-support.ts';

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

test('a ConfigDrive has the keys of its credentials, and no others', async () => {
  await using where = await place();
  const credential = { kind: 'seed-keys', secret: 'keys' } as const;
  const accessCredentials = [
    { ...credential, format: 'ConfigDrive' },
    { ...credential, format: 'NoCloud', secret: 'absent' },
  ] as const;
  const disks = [seed({ format: 'ConfigDrive', userData: USER_DATA })];
  const values: ValuesOf = ({ name }) =>
    name === 'keys' ? new Map([['a', Buffer.from('ssh-rsa A\nssh-rsa B\n')]]) : undefined;
  const spec = aSpec({ disks, accessCredentials });
  const { disks: prepared } = await prepareInstance(spec, { ...where, values });
  const metaData = await read(prepared[0]?.file ?? '', '/openstack/latest/meta_data.json');
  expect(JSON.parse(metaData)).toMatchObject({ public_keys: { 0: 'ssh-rsa A', 1: 'ssh-rsa B' } });
  await expect(prepareInstance(spec, { ...where, values: () => undefined })).rejects.toThrow(
    'no file declares the Secret keys',
  );
});

test('the machine’s UUID tells cloud-init one machine from another', async () => {
  await using where = await place();
  const disks = [seed({ userData: USER_DATA })];
  const uuid = '01234567-89ab-cdef-0123-456789abcdef';
  const { disks: prepared } = await prepareInstance(aSpec({ disks, system: { uuid } }), where);
  const metaData = await read(prepared[0]?.file ?? '', '/meta-data');
  expect(JSON.parse(metaData)).toMatchObject({ 'instance-id': uuid });
});

test('the guest gets the host name of its manifest', async () => {
  await using where = await place();
  const disks = [seed({ userData: USER_DATA })];
  const { disks: prepared } = await prepareInstance(aSpec({ disks, hostname: 'front' }), where);
  const metaData = await read(prepared[0]?.file ?? '', '/meta-data');
  expect(JSON.parse(metaData)).toMatchObject({ 'local-hostname': 'front' });
});

const KEYS = new Map([['userData', Buffer.from('from a Secret')]]);

test('user data may come from a Secret of the VM’s namespace', async () => {
  await using where = await place();
  const values: ValuesOf = ({ kind, namespace, name }) =>
    `${kind}/${namespace}/${name}` === 'Secret/default/keys' ? KEYS : undefined;
  const disk = seed({ userData: { kind: 'secret', name: 'keys' } });
  const { file } = await prepareOne({ ...where, values }, disk);
  expect(await read(file, '/user-data')).toBe('from a Secret');
  expect(await refusal(prepareOne(where, disk))).toBe(
    'disk seed: no file declares the Secret keys in the namespace default: put one into the VM directory',
  );
  const network = seed({ networkData: { kind: 'secret', name: 'keys' } });
  expect(await refusal(prepareOne({ ...where, values }, network))).toBe(
    'disk seed: the Secret keys has no key networkdata or networkData',
  );
});

function objectDisk(optional = false): DiskSpec {
  const source = { kind: 'objectData', object: 'ConfigMap', name: 'c', label: 'OEMDRV' } as const;
  return aDisk({ name: 'config', source: { ...source, optional } });
}

test('a ConfigMap becomes a disk with a file for each key', async () => {
  await using where = await place();
  const values = () =>
    new Map([
      ['ks.cfg', Buffer.from('text\n')],
      ['B', Buffer.of(0, 255)],
    ]);
  const { file } = await prepareOne({ ...where, values }, objectDisk());
  expect(await label(file)).toBe('OEMDRV');
  expect(await read(file, '/ks.cfg')).toBe('text\n');
  const { stdout } = await execa('isoinfo', ['-i', file, '-R', '-f']);
  expect(stdout).toBe('/B\n/ks.cfg');
});

test('without its ConfigMap a disk is empty if it is optional, and is not made otherwise', async () => {
  await using where = await place();
  expect(await refusal(prepareOne(where, objectDisk()))).toContain(
    'no file declares the ConfigMap c',
  );
  expect(await readdir(where.instanceDir)).toEqual([]);
  const { file } = await prepareOne(where, objectDisk(true));
  expect((await execa('isoinfo', ['-i', file, '-R', '-f'])).stdout).toBe('');
});

test('a key that is too long for a file’s name is refused without being quoted', async () => {
  await using where = await place();
  const values = () => new Map([['k'.repeat(129), Buffer.of()]]);
  const message = await refusal(prepareOne({ ...where, values }, objectDisk()));
  expect(message).toContain('a key of the ConfigMap c has more than 128 characters');
  expect(message).not.toContain('kkk');
});

test('a seed is made anew for each instance and removed with its other disks', async () => {
  await using where = await place();
  await prepareOne(where, seed({ userData: USER_DATA }));
  const { file } = await prepareOne(where, seed({ userData: { kind: 'text', text: 'new' } }));
  expect(await read(file, '/user-data')).toBe('new');
  await removeInstanceDisks(where.instanceDir);
  expect(await readdir(where.instanceDir)).toEqual([]);
});
