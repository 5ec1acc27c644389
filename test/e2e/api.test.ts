/** What clients read from the socket: objects, lists, watches, runs, events and logs. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { bringUp } from './waiting.ts';
import { WatchStream } from './watch-stream.ts';

const KUBEVIRT = '/apis/kubevirt.io/v1';
const VMS = `${KUBEVIRT}/namespaces/default/virtualmachines`;
const INSTANCES = `${KUBEVIRT}/namespaces/default/virtualmachineinstances`;
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines';

let world: World;
beforeAll(async () => {
  world = await World.start();
  const elsewhere = tinyVm('web', { strategy: 'Halted' });
  world.write('elsewhere', elsewhere.replace('name: web', 'name: web\n  namespace: prod'));
  await bringUp(world, 'web');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const get = async (path: string) => {
  const { code, body } = await world.api('GET', path);
  expect([path, code]).toEqual([path, 200]);
  return body;
};
const namesIn = (list: { items: { metadata: { namespace: string; name: string } }[] }) =>
  list.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
const watch = (path: string) => new WatchStream(world.socket, path);

describe('objects and lists', () => {
  test('namespaces part VMs of one name', async () => {
    expect(namesIn(await get(VMS))).toContain('default/web');
    expect(namesIn(await get(VMS))).not.toContain('prod/web');
    expect(namesIn(await get(VMS.replace('default', 'prod')))).toEqual(['prod/web']);
    const all = await get(`${KUBEVIRT}/virtualmachines`);
    expect(all.kind).toBe('VirtualMachineList');
    expect(namesIn(all)).toEqual(expect.arrayContaining(['default/web', 'prod/web']));
  });

  test('the older version of the API answers as well, for commands too', async () => {
    const old = (path: string) => path.replace('/v1/', '/v1alpha3/');
    expect((await get(old(`${VMS}/web`))).metadata.name).toBe('web');
    expect(namesIn(await get('/apis/kubevirt.io/v1alpha3/virtualmachineinstances'))).toContain(
      'default/web',
    );
    const dry = { dryRun: ['All'] };
    expect((await world.api('PUT', old(`${SUB}/web/stop`), dry)).code).toBe(202);
  });

  test('selectors choose by field and by label', async () => {
    const labelled = tinyVm('labelled', { strategy: 'Halted' });
    world.write('labelled', labelled.replace('name:', 'labels: {tier: front}\n  name:'));
    await world.untilStatus('labelled', 'Stopped');
    const select = async (query: string) =>
      namesIn(await get(`${KUBEVIRT}/virtualmachines?${query}`));
    expect(await select('labelSelector=tier%3Dfront')).toEqual(['default/labelled']);
    expect(await select('fieldSelector=metadata.name%3Dweb,metadata.namespace%3Dprod')).toEqual([
      'prod/web',
    ]);
  });

  test('an instance says which VM owns it, and is gone with its run', async () => {
    const uid = await bringUp(world, 'owner');
    const vm = await world.vm('owner');
    const instance = await get(`${INSTANCES}/owner`);
    expect(instance).toMatchObject({
      kind: 'VirtualMachineInstance',
      metadata: { uid, ownerReferences: [{ name: 'owner', uid: vm.metadata.uid }] },
      status: { phase: 'Running' },
    });
    await world.command('owner', 'stop');
    await world.untilStatus('owner', 'Stopped');
    const { code, body } = await world.api('GET', `${INSTANCES}/owner`);
    expect([code, body.reason]).toEqual([404, 'NotFound']);
  });
});

describe('a watch', () => {
  test('begins with what is there, and goes on with every change', async () => {
    using stream = watch(`${VMS}?watch=1&fieldSelector=metadata.name%3Dcomes`);
    world.write('comes', tinyVm('comes', { strategy: 'Always' }));
    const first = await stream.until('the VM', () => true);
    expect(first.type).toBe('ADDED');
    // Never shown before it was recorded: its identity must not change under a watcher.
    expect(first.object.status.printableStatus).not.toBe('Invalid');
    await stream.until('it runs', (e) => e.object.status.printableStatus === 'Running');
    world.remove('comes');
    const last = await stream.until('it is gone', (e) => e.type === 'DELETED');
    const versions = stream.seen.map((e) => Number(e.object.metadata.resourceVersion));
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(new Set(stream.seen.map((e) => e.object.metadata.uid)).size).toBe(1);
    expect(stream.seen.at(-1)).toBe(last);
  });

  test('of instances tells when one comes and goes', async () => {
    world.write('inst', tinyVm('inst', { strategy: 'Manual' }));
    await world.untilStatus('inst', 'Stopped');
    const { metadata } = await get(INSTANCES);
    using stream = watch(
      `${INSTANCES}?watch=true&resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3Dinst`,
    );
    await world.command('inst', 'start');
    const added = await stream.until('it is there', (e) => e.type === 'ADDED');
    await world.untilConsole('inst', 'UP');
    await world.command('inst', 'restart');
    const gone = await stream.until('it is gone', (e) => e.type === 'DELETED');
    expect(gone.object.metadata.uid).toBe(added.object.metadata.uid);
    await stream.until(
      'the next one',
      (e) => e.type === 'ADDED' && e.object.metadata.uid !== added.object.metadata.uid,
    );
  });

  test('goes on from the version of a list without a gap', async () => {
    const { metadata } = await get(VMS);
    world.write('later', tinyVm('later', { strategy: 'Halted' }));
    await world.untilStatus('later', 'Stopped');
    using stream = watch(`${VMS}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    // VMs of other tests may still be on the move.
    const isLater = (event: { object: { metadata: { name: string } } }) =>
      event.object.metadata.name === 'later';
    const first = await stream.until('a change', isLater);
    expect([first.type, first.object.metadata.name]).toEqual(['ADDED', 'later']);
  });

  test('ends when its time is over', async () => {
    using stream = watch(`${VMS}?watch=1&timeoutSeconds=1`);
    await stream.ended;
    expect(stream.seen.length).toBeGreaterThan(0);
  });

  test('from a version before a daemon restart is told to list again; versions only grow', async () => {
    await using other = await World.start();
    other.write('web', tinyVm('web', { strategy: 'Halted' }));
    const before = await other.untilStatus('web', 'Stopped');
    await other.endDaemon('SIGKILL');
    await other.startDaemon();
    const version = before.metadata.resourceVersion;
    using stream = new WatchStream(other.socket, `${VMS}?watch=1&resourceVersion=${version}`);
    const error = await stream.until('an answer', () => true);
    expect(error).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    await stream.ended;
    const after = await other.vm('web');
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(version));
    expect(after.metadata.uid).toBe(before.metadata.uid);
  });
});

test('runs come with the evidence of their ends, newest first', async () => {
  world.write('runs', tinyVm('runs', { strategy: 'Manual', guest: 'off' }));
  await world.untilStatus('runs', 'Stopped');
  for (const count of [1, 2]) {
    expect((await world.command('runs', 'start')).code).toBe(202);
    await world.untilRuns('runs', count);
  }
  const list = await get(`${VMS}/runs/runs`);
  expect(list.kind).toBe('RunList');
  expect(list.items).toHaveLength(2);
  expect(list.items[0].endedAt > list.items[1].endedAt).toBe(true);
  expect(list.items[0]).toMatchObject({
    verdict: { outcome: 'Succeeded', reason: 'GuestShutdown', initiator: 'guest' },
    evidence: { exit: { kind: 'exited', code: 0 } },
  });
  expect(list.items[0].evidence.consoleTail).toContain('UP');
});

describe('events', () => {
  const EVENTS = '/api/v1/namespaces/default/events';

  test('are listed and watched as Kubernetes has them', async () => {
    const { metadata } = await get(EVENTS);
    // VMs of other tests may still be on the move.
    const query = `watch=1&resourceVersion=${metadata.resourceVersion}&fieldSelector=involvedObject.name%3Dnoted`;
    using stream = watch(`${EVENTS}?${query}`);
    world.write('noted', tinyVm('noted', { strategy: 'Halted' }));
    const seen = await stream.until('an event', () => true);
    expect(seen).toMatchObject({
      type: 'ADDED',
      object: { kind: 'Event', reason: 'Registered', involvedObject: { name: 'noted' } },
    });
    const list = await get(`${EVENTS}?fieldSelector=involvedObject.name%3Dnoted`);
    expect(list.items.map((e: { reason: string }) => e.reason)).toEqual(['Registered']);
    expect((await get('/api/v1/events')).items.length).toBeGreaterThan(1);
  });
});

describe('logs', () => {
  test('are the last lines of the console, and what comes after them', async () => {
    const uid = await bringUp(world, 'talks', { guest: 'ignore' });
    expect(await get(`${SUB}/talks/logs?tail=1`)).toBe('UP\n');
    expect(await get(`${SUB}/talks/logs?stream=qemu`)).toBe('');
    expect(await get(`${SUB}/talks/logs?run=${uid}`)).toContain('UP');
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    let said = '';
    const follow = request(
      { socketPath: world.socket, path: `${SUB}/talks/logs?follow=1&tail=0` },
      (response) =>
        response.setEncoding('utf8').on('data', (text: string) => {
          // The guest speaks letter by letter.
          said += text;
          if (said.includes('IGNORED')) resolve();
        }),
    );
    follow.end();
    await world.command('talks', 'stop');
    await heard;
    follow.destroy();
    await world.command('talks', 'stop', { gracePeriod: 0 });
    await world.untilStatus('talks', 'Stopped');
    expect(await get(`${SUB}/talks/logs?run=${uid.slice(0, 8)}`)).toContain('IGNORED');
  });
});
