/** Requests that write files, and a daemon that is killed, or cannot store anything, while it does. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseManifests } from '../../src/core/manifest/parse.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

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
