/** VMs whose disks are made before their first start. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../process/cli-harness.ts';
import { type FileServer, serveFile } from '../process/http-source.ts';
import { DEMO_INITRD, DEMO_KERNEL, imagesDir, tinyImage } from '../support/guests.ts';
import { poll, World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { Vm, withStrategy } from './vm-handle.ts';

const EXAMPLE = new URL('../../vms/persistent.yaml', import.meta.url);
const images = mkdtempSync(join(tmpdir(), 'volumes-'));
let world: World;
let server: FileServer;

beforeAll(async () => {
  // Guests have users of their own, who must get through.
  chmodSync(images, 0o711);
  server = await serveFile(readFileSync(tinyImage('witness')));
  world = await World.start({ images });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(images, { recursive: true, force: true });
});

function made(name: string, source: string, strategy: 'Always' | 'Manual' = 'Always'): string {
  return tinyVm(name, { strategy })
    .replace(/ {10}containerDisk: .*/, `          dataVolume: {name: ${name}-root}`)
    .replace(
      '  template:',
      `  dataVolumeTemplates:
    - metadata: {name: ${name}-root}
      spec:
        source: {${source}}
        storage: {resources: {requests: {storage: 4Mi}}}
  template:`,
    );
}

function claims(): readonly string[] {
  const folder = join(images, '_claims/default');
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

test('a VM is Provisioning while its disk is downloaded, runs from it then, and finds it again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.gate = promise;
  const vm = Vm.put(world, 'web', made('web', `http: {url: '${server.url}'}`));
  const waiting = await vm.is('Provisioning');
  expect(waiting.status.held?.by).toBe('provisioning');
  expect(waiting.status.held?.message).toContain('making the disk web-root');
  expect(waiting.status.instance).toBeUndefined();
  expect(claims().filter((name) => !name.startsWith('.'))).toEqual([]);
  resolve();
  const first = await vm.running();
  await vm.says(first, 'UP');
  expect(claims()).toEqual(['web-root.qcow2']);
  expect(statSync(join(images, '_claims/default/web-root.qcow2')).uid).toBe(
    statSync(`/proc/${first.pid}`).uid,
  );

  await vm.granted('restart', { gracePeriodSeconds: 0 });
  const second = await vm.running(first.uid);
  await vm.says(second, 'STILL');
  // The second boot from the same disk.
  expect(readFileSync(vm.paths(second.uid).console, 'latin1')).toMatch(/UP \w+ 0*2\b/);
  world.remove('web');
  await vm.until('is gone', (v) => v === undefined);
  expect(claims()).toEqual(['web-root.qcow2']);

  const copy = Vm.put(world, 'copy', made('copy', 'pvc: {namespace: default, name: web-root}'));
  const third = await copy.running();
  await copy.says(third, 'STILL');
  expect(readFileSync(copy.paths(third.uid).console, 'latin1')).toMatch(/UP \w+ 0*3\b/);
});

test('a disk that is to be larger is grown at the next start, and none is ever shrunk', async () => {
  const text = made('grows', 'blank: {}').replace('storage: 4Mi', 'storage: 2Mi');
  const vm = Vm.put(world, 'grows', text);
  const first = await vm.running();
  const file = join(images, '_claims/default/grows-root.qcow2');
  const size = async (): Promise<unknown> =>
    JSON.parse((await execa('qemu-img', ['info', '-U', '--output=json', file])).stdout)[
      'virtual-size'
    ];
  const saved = async (edited: string, generation: number): Promise<void> => {
    world.write('grows', edited);
    await world.until('grows', 'is as saved', (seen) => seen?.metadata.generation === generation);
  };
  await saved(text.replace('storage: 2Mi', 'storage: 6Mi'), 2);
  await vm.granted('restart', { gracePeriodSeconds: 0 });
  const second = await vm.running(first.uid);
  expect(await size()).toBe(6 * 1024 ** 2);
  await vm.untilEvent('VolumeResizeSuccessful');

  await saved(text, 3);
  await vm.granted('restart', { gracePeriodSeconds: 0 });
  await vm.running(second.uid);
  expect(await size()).toBe(6 * 1024 ** 2);
  await vm.untilEvent('DiskNotShrunk');
  world.remove('grows');
});

test('a VM waits for the disk that is to be sent, and says what to type', async () => {
  const vm = Vm.put(world, 'sent', made('sent', 'upload: {}'));
  const { status } = await vm.is('Provisioning');
  expect(status.held?.message).toBe(
    'waiting for a disk to be sent: `solovirt image-upload dv sent-root --image-path=FILE`',
  );
  const send = (...args: readonly string[]) => cli(world, 'image-upload', 'dv', ...args);
  const nothing = await send('sent-root', `--image-path=${images}/none`);
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('does not exist') });
  const image = `--image-path=${tinyImage('witness')}`;
  const small = await send('sent-root', image, '--size=512');
  expect(small).toMatchObject({ code: 1, stderr: expect.stringContaining('is less than the') });
  expect(claims().filter((name) => name.includes('sent'))).toEqual([]);

  const path = join(images, '_claims/default/sent-root.qcow2');
  expect(await send('sent-root', image)).toEqual({
    code: 0,
    stdout: `sent-root has its disk at ${path}\n`,
    stderr: '',
  });
  await vm.says(await vm.running(), 'STILL');
  await vm.untilEvent('SuccessfulDataVolumeCreate');
  const again = await send('sent-root', image);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('has a disk already') });
  const out = await send('../../up', image);
  expect(out.code).not.toBe(0);
  world.remove('sent');
});

test('the example’s disk is made and is the guest’s first', async () => {
  for (const file of [DEMO_KERNEL, DEMO_INITRD]) {
    mkdirSync(join(images, dirname(file)), { recursive: true });
    copyFileSync(join(imagesDir, file), join(images, file));
  }
  const text = withStrategy(readFileSync(EXAMPLE, 'utf8'), 'Always');
  const checked = await runCli(['validate', '--host', '-', '-o', 'json'], {
    socket: world.socket,
    stdin: text,
    requestMs: 30_000,
  });
  // It is emulated, and no more is to be said of it.
  expect(JSON.parse(checked.stdout).problems).toEqual([
    expect.objectContaining({ code: 'no-kvm' }),
  ]);
  const hook = 'console=ttyS0 quiet solovirt.show-disk=vda';
  const vm = Vm.put(world, 'persistent', text.replace('console=ttyS0 quiet', hook));
  // There is no file system on it yet.
  await vm.says(await vm.running(), 'vda shown');
  expect(claims()).toContain('persistent-data.qcow2');
});

test('a disk that cannot be made is told, and an edit of its source is tried at once', async () => {
  server.status = 503;
  const vm = Vm.put(world, 'db', made('db', `http: {url: '${server.url}'}`));
  const failed = await vm.is('DataVolumeError');
  expect(failed.status.held?.message).toContain('the server answers 503');
  expect(failed.status.runHistory).toEqual([]);
  await vm.untilEvent('FailedDataVolumeImport');
  // A command does not wait for the next try.
  const requests = server.ranges.length;
  await vm.granted('start');
  await poll('it is tried again', () => server.ranges.length > requests);
  vm.world.write('db', made('db', 'blank: {}'));
  await vm.running();
  server.status = undefined;
  await vm.untilEvent('SuccessfulDataVolumeCreate');
  expect(claims()).toContain('db-root.qcow2');
});

test('a stop while the disk is downloaded breaks the download off; a daemon that is killed goes on with it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.gate = promise;
  const vm = await Vm.known(world, 'late', made('late', `http: {url: '${server.url}'}`, 'Manual'));
  const { aborted, ranges } = server;
  const requests = ranges.length;
  await vm.granted('start');
  await poll('the download has begun', () => ranges.length > requests);
  await vm.is('Provisioning');
  await vm.granted('stop');
  await vm.is('Stopped');
  await poll('the connection is closed', () => server.aborted > aborted);

  await vm.granted('start');
  await vm.is('Provisioning');
  await world.endDaemon('SIGKILL');
  expect(claims()).not.toContain('late-root.qcow2');
  resolve();
  await world.startDaemon();
  await vm.says(await vm.running(), 'UP');
});
