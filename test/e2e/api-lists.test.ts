/** Lists and watches on the Unix socket, beyond what api.test.ts has: pages, initial events, bookmarks, tables. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { bringUp, condition, untilNoticed } from './waiting.ts';
import { WatchStream } from './watch-stream.ts';

const VMS = '/apis/kubevirt.io/v1/virtualmachines';
const INSTANCES = '/apis/kubevirt.io/v1/virtualmachineinstances';

let world: World;
beforeAll(async () => {
  world = await World.start();
  for (const name of ['a', 'b', 'c']) world.write(name, tinyVm(name, { strategy: 'Halted' }));
  for (const name of ['a', 'b', 'c']) await world.untilStatus(name, 'Stopped');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const watch = (query: string, path = VMS) =>
  new WatchStream(world.socket, `${path}?watch=1&${query}`);
const get = async (path: string) => (await world.api('GET', path)).body;

test('pages of a list show one version while VMs come and go', async () => {
  const first = await get(`${VMS}?limit=1`);
  expect(first.metadata.remainingItemCount).toBe(2);
  world.write('aa', tinyVm('aa', { strategy: 'Halted' }));
  await world.untilStatus('aa', 'Stopped');
  const rest = await get(`${VMS}?limit=5&continue=${first.metadata.continue}`);
  expect(rest.items.map((vm: { metadata: { name: string } }) => vm.metadata.name)).toEqual([
    'b',
    'c',
  ]);
  expect(rest.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  world.remove('aa');
  await world.until('aa', 'is gone', (vm) => vm === undefined);
});

test('a page of a list that a former daemon began is refused with 410', async () => {
  await using other = await World.start();
  for (const name of ['a', 'b']) other.write(name, tinyVm(name, { strategy: 'Halted' }));
  for (const name of ['a', 'b']) await other.untilStatus(name, 'Stopped');
  const { body } = await other.api('GET', `${VMS}?limit=1`);
  await other.endDaemon('SIGKILL');
  await other.startDaemon();
  const next = await other.api('GET', `${VMS}?continue=${body.metadata.continue}`);
  expect([next.code, next.body.reason]).toEqual([410, 'Expired']);
});

test('a watch-list tells what is there, marks its end, and goes on', async () => {
  using stream = watch(
    'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  );
  const mark = await stream.until('the mark', (event) => event.type === 'BOOKMARK');
  expect(stream.seen.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'ADDED', 'BOOKMARK']);
  expect(mark.object).toEqual({
    kind: 'VirtualMachine',
    apiVersion: 'kubevirt.io/v1',
    metadata: {
      resourceVersion: expect.stringMatching(/^\d+$/),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    },
  });
  world.write('new', tinyVm('new', { strategy: 'Halted' }));
  const next = await stream.until('the next', (event) => event.object.metadata.name === 'new');
  expect(next.type).toBe('ADDED');
});

test('a watch says up to where it has told everything before its time is over', async () => {
  using stream = watch('timeoutSeconds=1&allowWatchBookmarks=true');
  await stream.ended;
  const last = stream.seen.at(-1);
  expect([last?.type, last?.object.metadata.resourceVersion]).toEqual([
    'BOOKMARK',
    (await get(VMS)).metadata.resourceVersion,
  ]);
});

test('a watch by a field sees VMs come and go as they start and stop to match', async () => {
  await bringUp(world, 'runs');
  const field = 'fieldSelector=status.printableStatus%3DRunning';
  using stream = watch(field);
  await stream.until('it runs', (event) => event.type === 'ADDED');
  await world.instance('runs', 'pause');
  const gone = await stream.until('it is paused', (event) => event.type === 'DELETED');
  expect(gone.object.status.printableStatus).toBe('Running');
  await world.instance('runs', 'unpause');
  await stream.until(
    'it runs again',
    (event) => event.type === 'ADDED' && stream.seen.indexOf(event) > stream.seen.indexOf(gone),
  );
});

test('an instance changes only when it changes, whatever is done to the file of its VM', async () => {
  await bringUp(world, 'steady');
  const uid = 'fieldSelector=metadata.name%3Dsteady';
  const version = async () => (await get(`${INSTANCES}?${uid}`)).items[0].metadata.resourceVersion;
  const before = await version();
  const vm = await world.vm('steady');
  world.write('steady', `${world.read('steady')}# edited\n`);
  await untilNoticed(world, vm);
  expect(await version()).toBe(before);
  await world.instance('steady', 'pause');
  expect(await version()).not.toBe(before);
});

test('conditions tell the same transition times to the next daemon', async () => {
  await bringUp(world, 'timed');
  await world.instance('timed', 'pause');
  const paused = await world.untilStatus('timed', 'Paused');
  await world.endDaemon('SIGKILL');
  await world.startDaemon();
  const after = await world.untilStatus('timed', 'Paused');
  for (const type of ['Ready', 'Paused'])
    expect(condition(after, type)).toEqual(condition(paused, type));
});

test('tables are watched, too', async () => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const path = `${VMS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Da`;
  request({ socketPath: world.socket, path, headers: { accept } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve(text));
  })
    .on('error', reject)
    .end();
  expect(JSON.parse((await promise).split('\n')[0] ?? '')).toMatchObject({
    type: 'ADDED',
    object: { kind: 'Table', rows: [{ object: { kind: 'PartialObjectMetadata' } }] },
  });
});

test('a form that cannot be given is refused', async () => {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const accept = 'application/vnd.kubernetes.protobuf';
  request({ socketPath: world.socket, path: VMS, headers: { accept } }, (response) =>
    resolve(response.resume().statusCode),
  ).end();
  expect(await promise).toBe(406);
});
