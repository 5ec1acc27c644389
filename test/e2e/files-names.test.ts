/** Where images are found, and that no name or path is ever taken for an option. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { tinyImage } from '../support/guests.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { untilInfo } from './waiting.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const CIRROS = resolve(import.meta.dirname, '../fixtures/manifests/good/vm-cirros.yaml');
/** Everything that QEMU's option syntax, a shell or a URL could trip over. */
const ODD = `o,d=d "q" 'a' id=x $(y) ü#%2f`;

function putImage(images: string, file: string): void {
  mkdirSync(dirname(join(images, file)), { recursive: true });
  copyFileSync(tinyImage('obey'), join(images, file));
}

test('the example of the run-strategy document runs unchanged once its image is there', async () => {
  await using world = new ImagesWorld();
  const { images } = world;
  await world.startDaemon();
  world.write('vm-cirros', readFileSync(CIRROS, 'utf8'));
  const failed = await world.untilRuns('vm-cirros', 1);
  expect(failed.verdict.reason).toBe('LaunchFailed');
  expect(failed.verdict.message).toMatch(
    /looked for .*kubevirt\/cirros-container-disk-demo\/latest\.img, .* in /,
  );
  expect(failed.verdict.message).toContain(images);

  putImage(images, 'kubevirt/cirros-container-disk-demo/latest.img');
  expect((await world.command('vm-cirros', 'start')).code).toBe(202);
  await world.untilStatus('vm-cirros', 'Running');
  await world.untilConsole('vm-cirros', 'UP');
  expect((await world.command('vm-cirros', 'stop')).code).toBe(202);
  await world.untilStatus('vm-cirros', 'Stopped');
  const [run] = await world.runs('vm-cirros');
  expect(run?.verdict).toMatchObject({ outcome: 'Succeeded', reason: 'ForcedOff' });
  expect(world.read('vm-cirros')).toBe(
    readFileSync(CIRROS, 'utf8').replace('runStrategy: Always', 'runStrategy: Halted'),
  );
});

test('odd characters in every path and name reach QEMU as they are', async () => {
  await using world = new OddWorld();
  putImage(world.images, 'tiny/obey.img');
  const hostDisk = join(world.dir, `${ODD}.img`);
  copyFileSync(tinyImage('obey'), hostDisk);
  await world.startDaemon();
  writeFileSync(join(world.vms, `${ODD}.yaml`), tinyVm('image', { strategy: 'Always' }));
  writeFileSync(join(world.vms, `2 ${ODD}.yml`), onHostDisk('disk', hostDisk));
  for (const name of ['image', 'disk']) {
    await world.untilStatus(name, 'Running');
    await world.untilConsole(name, 'UP');
    expect((await world.command(name, 'stop')).code).toBe(202);
    expect((await world.untilRuns(name, 1)).verdict.reason).toBe('StoppedByCommand');
  }
  expect(readFileSync(join(world.vms, `${ODD}.yaml`), 'utf8')).toContain('runStrategy: Halted #');

  writeFileSync(join(world.vms, `3 ${ODD}.yaml`), '[]\n');
  await untilInfo(world, 'it is seen', ({ counts }) => counts.invalid === 1);
  const { body } = await world.api('GET', `${VMS}/${encodeURIComponent(`3 ${ODD}.yaml`)}`);
  expect(body.status).toMatchObject({ printableStatus: 'Invalid' });
});

class ImagesWorld extends World {
  override readonly images = join(this.dir, 'images');
}

class OddWorld extends World {
  override readonly images = join(this.dir, `i ${ODD}`);
  override readonly vms = join(this.dir, `v ${ODD}`);
  override readonly state = join(this.dir, `s ${ODD}`);
  // Sockets have little room for their paths.
  override readonly runtime = join(this.dir, `r,"'`);
  override readonly socket = join(this.dir, `s,'"`);

  constructor() {
    super();
    mkdirSync(this.vms);
  }
}

function onHostDisk(name: string, path: string): string {
  return tinyVm(name, { strategy: 'Always' }).replace(
    /containerDisk: .*/,
    `hostDisk: {type: Disk, path: ${JSON.stringify(path)}}`,
  );
}
