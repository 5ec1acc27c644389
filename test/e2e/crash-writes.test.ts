/** Requests that write files, and a daemon that is killed, or cannot store anything, while it does. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseManifests } from '../../src/core/manifest/parse.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { MAIN } from './run-main.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';

function vmObject(name: string): object {
  const { manifest } = parseManifests(tinyVm(name, { strategy: 'Halted' })).documents[0]?.vm ?? {};
  return manifest ?? {};
}

test('after a kill in the middle of writes every file is whole, and what was answered is there', async () => {
  await using world = await World.start();
  const two = ['one', 'two'].map((name) => tinyVm(name, { strategy: 'Halted' })).join('---\n');
  world.write('both', two);
  await world.untilStatus('two', 'Stopped');
  for (let round = 0; round < 3; round += 1) {
    const answered = new Map<string, string>();
    const busy = Array.from({ length: 12 }, async (_, index) => {
      const name = `made-${round}-${index}`;
      await world.api('POST', VMS, vmObject(name));
      answered.set(name, 'Halted');
      const shown = (await world.api('GET', `${VMS}/two`)).body;
      await world.api('PUT', `${VMS}/two`, {
        ...shown,
        metadata: { name: 'two', labels: { round: `${round}-${index}` } },
      });
      await world.api('DELETE', `${VMS}/${name}`);
      answered.delete(name);
    });
    // Sooner or later in the midst of them.
    await Promise.race(busy);
    await world.endDaemon();
    await Promise.allSettled(busy);
    for (const name of readdirSync(world.vms)) {
      if (name.startsWith('.')) continue;
      const { documents, problems } = parseManifests(readFileSync(join(world.vms, name), 'utf8'));
      expect([name, problems, documents.map(({ vm }) => vm === undefined)]).toEqual([
        name,
        [],
        documents.map(() => false),
      ]);
    }
    for (const name of answered.keys()) expect(existsSync(world.file(name))).toBe(true);
    expect(world.read('both')).toContain('name: one');
    await world.startDaemon();
    expect(readdirSync(world.vms).filter((name) => name.startsWith('.'))).toEqual([]);
  }
});

test('what cannot be stored is not written either', async ({ skip }) => {
  await using world = new World();
  execFileSync('mkdir', ['-p', world.state]);
  const mount = ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', world.state];
  try {
    execFileSync('mount', mount, { stdio: 'ignore' });
  } catch {
    return skip('no tmpfs can be mounted here');
  }
  try {
    await world.startDaemon();
    const text = tinyVm('kept', { strategy: 'Halted' });
    world.write('kept', text);
    await world.untilStatus('kept', 'Stopped');
    const filler = join(world.state, 'filler');
    fill(filler);
    const body = { ...(await world.api('GET', `${VMS}/kept`)).body };
    const changed = await world.api('PUT', `${VMS}/kept`, {
      ...body,
      spec: { ...body.spec, runStrategy: 'Manual' },
    });
    expect([changed.code, changed.body.reason]).toEqual([503, 'ServiceUnavailable']);
    expect(world.read('kept')).toBe(text);
    expect((await world.api('POST', VMS, vmObject('made'))).code).toBe(503);
    expect(existsSync(world.file('made'))).toBe(false);
    rmSync(filler);
    expect((await world.api('POST', VMS, vmObject('made'))).code).toBe(201);
    await world.endDaemon('SIGTERM');
  } finally {
    await world.endDaemon('SIGKILL');
    execFileSync('umount', [world.state]);
  }
});

test.skipIf(!canBeNobody())(
  'a directory that is closed to the daemon is left alone, and says so',
  async () => {
    await using world = await World.start({ user: 65_534, config: 'logLevel: info\n' });
    const text = tinyVm('kept', { strategy: 'Halted' });
    world.write('kept', text);
    chmodSync(world.file('kept'), 0o644);
    await world.untilStatus('kept', 'Stopped');
    chmodSync(world.vms, 0o555);
    const requests = [
      await world.api('POST', VMS, vmObject('made')),
      await world.api('PUT', `${VMS}/kept`, {
        ...vmObject('kept'),
        spec: { runStrategy: 'Manual', template: { spec: { domain: { devices: {} } } } },
      }),
      await world.api('DELETE', `${VMS}/kept`),
    ];
    for (const { code, body } of requests)
      expect([code, body.message]).toEqual([503, expect.stringContaining('permission denied')]);
    expect(readdirSync(world.vms)).toEqual(['kept.yaml']);
    expect(world.read('kept')).toBe(text);
    expect((await world.vm('kept')).metadata.deletionTimestamp).toBeUndefined();
  },
);

test('a file that is no YAML any more goes with its VM', async () => {
  await using world = await World.start();
  world.write('odd', tinyVm('odd', { strategy: 'Halted' }));
  await world.untilStatus('odd', 'Stopped');
  world.write('odd', `${tinyVm('odd', { strategy: 'Halted' })}nonsense: [\n`);
  await world.until('odd', 'has problems', (vm) => (vm?.status.problems?.length ?? 0) > 0);
  expect((await world.api('DELETE', `${VMS}/odd`)).code).toBe(200);
  expect(existsSync(world.file('odd'))).toBe(false);
  expect((await world.api('GET', `${VMS}/odd`)).code).toBe(404);
});

/** As root, in a checkout that others can read. */
function canBeNobody(): boolean {
  if (process.geteuid?.() !== 0) return false;
  const look = `require('node:fs').accessSync(${JSON.stringify(MAIN)})`;
  const nobody = { uid: 65_534, gid: 65_534 };
  return spawnSync(process.execPath, ['-e', look], nobody).status === 0;
}

function fill(path: string): void {
  try {
    for (let size = 65_536; size > 0; size = size > 1 ? size / 4 : 1)
      for (;;)
        try {
          appendFileSync(path, Buffer.alloc(size, 'x'));
        } catch (error) {
          if (size <= 1) throw error;
          break;
        }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}
