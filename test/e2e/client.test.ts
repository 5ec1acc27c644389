/** The client for scripts, as another project has it: installed, and used as docs/client.md says. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ApiError,
  DeadlineError,
  isNotFound,
  NoDaemonError,
  type ObjectChange,
  SolovirtClient,
  type VmObject,
} from '../../src/client/index.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '');
const DEADLINE = { deadlineMs: 30_000 };

let world: World;
let solovirt: SolovirtClient;
beforeAll(async () => {
  world = await World.start();
  solovirt = await SolovirtClient.connect({ socket: world.socket, reconnectMs: 50 });
  world.write('demo', tinyVm('demo', { strategy: 'Halted' }));
  await solovirt.waitFor('demo', 'Stopped', DEADLINE);
});
afterAll(() => world[Symbol.asyncDispose]());

test('the examples of docs/client.md work as they stand', async () => {
  const project = join(world.dir, 'project');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(project, 'node_modules/solovirt'));
  const said: string[] = [];
  for (const [index, text] of EXAMPLES.entries()) {
    const file = join(project, `example-${index}.mjs`);
    writeFileSync(file, text);
    const { stdout } = await execa(process.execPath, [file], {
      env: { SOLOVIRT_SOCKET: world.socket },
      cwd: project,
    });
    said.push(stdout);
  }
  expect(said[0]).toMatch(/^demo runs, pid \d+\n/);
  expect(said[0]).toMatch(/\ndemo ended: The guest shut down when a command asked it to\.$/);
  expect(said[1]).toMatch(/^ADDED demo \w+$/);
  expect(said[2]).toBe('demo is Stopped');
});

test('a VM is created, changed and deleted', async () => {
  const text = tinyVm('made', { strategy: 'Halted' });
  await solovirt.create(text, { dryRun: true });
  expect((await solovirt.create(text)).spec['runStrategy']).toBe('Halted');
  expect(world.read('made')).toBe(text);
  await expect(solovirt.create(text)).rejects.toThrow('already exists');
  const patched = await solovirt.patch('made', { spec: { runStrategy: 'Manual' } });
  expect(patched.metadata.generation).toBe(2);
  expect(world.read('made')).toBe(text.replace('Halted', 'Manual'));
  await expect(solovirt.patch('made', { spec: { runStrategy: 'X' } })).rejects.toThrow(ApiError);
  await solovirt.delete('made', { gracePeriodSeconds: 0 });
  await solovirt.waitFor('made', (vm) => vm === undefined, DEADLINE);
  await expect(solovirt.getVm('made')).rejects.toSatisfy(isNotFound);
});

describe('a watch', () => {
  test('tells each change once, also those of the time in which the daemon was restarted', async () => {
    world.write('stays', tinyVm('stays', { strategy: 'Halted' }));
    world.write('goes', tinyVm('goes', { strategy: 'Halted' }));
    await solovirt.waitFor('goes', 'Stopped', DEADLINE);
    await solovirt.waitFor('stays', 'Stopped', DEADLINE);
    const ending = new AbortController();
    const seen: string[] = [];
    const take = async ({ type, object }: ObjectChange<VmObject>): Promise<void> => {
      const { name } = object.metadata;
      seen.push(`${type} ${name}`);
      if (name === 'goes' && type === 'ADDED') {
        await world.endDaemon('SIGKILL');
        world.remove('goes');
        world.write('comes', tinyVm('comes', { strategy: 'Halted' }));
        await world.startDaemon();
      }
      const told = ['DELETED goes', 'ADDED comes'].every((line) => seen.includes(line));
      if (told) ending.abort();
    };
    for await (const change of solovirt.watchVms({ signal: ending.signal })) await take(change);
    expect(seen.filter((line) => line === 'ADDED stays')).toHaveLength(1);
    expect(seen.filter((line) => line === 'DELETED goes')).toHaveLength(1);
  });
});

describe('what goes wrong has a class', () => {
  test('a refusal is the Status of the daemon', async () => {
    const refused = await solovirt.pause('demo').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as ApiError).status).toMatchObject({ kind: 'Status', status: 'Failure' });
    const missing = await solovirt.getVm('no/such').catch((error: unknown) => error);
    expect(isNotFound(missing)).toBe(true);
  });

  test('a deadline that passes tells how far it came', async () => {
    const late = solovirt.waitFor('demo', 'Running', { deadlineMs: 500 });
    await expect(late).rejects.toThrow(DeadlineError);
    await expect(late).rejects.toThrow(/^default\/demo is .* after 0\.5 s, which is not what/);
  });

  test('nobody on the socket', async () => {
    const nowhere = SolovirtClient.connect({ socket: join(world.dir, 'none') });
    await expect(nowhere).rejects.toThrow(NoDaemonError);
  });
});

test('a rehearsed start changes nothing, a paused one waits', async () => {
  await solovirt.start('demo', { dryRun: true });
  expect((await solovirt.getVm('demo')).status.printableStatus).toBe('Stopped');
  await solovirt.start('demo', { paused: true });
  await solovirt.waitFor('demo', 'Paused', DEADLINE);
  expect((await solovirt.getInstance('demo')).kind).toBe('VirtualMachineInstance');
  await solovirt.unpause('demo');
  await solovirt.waitFor('demo', 'Running', DEADLINE);
  await solovirt.stop('demo', { gracePeriodSeconds: 0 });
  await solovirt.waitFor('demo', (vm) => vm?.status.instance === undefined, DEADLINE);
  const { items } = await solovirt.runs('demo');
  expect(items[0]?.verdict.reason).toBe('ForcedOff');
});
