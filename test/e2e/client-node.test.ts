/** The Kubernetes client library for JavaScript on the Unix socket, with nothing in between. */
import {
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  EventsV1Api,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { fetch } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { SocketConfig } from './socket-config.ts';
import { bringUp } from './waiting.ts';

const VMS = { group: 'kubevirt.io', version: 'v1', plural: 'virtualmachines' } as const;
const PATH = '/apis/kubevirt.io/v1/virtualmachines';
const DEADLINE_MS = 30_000;

let world: World;
let config: SocketConfig;
let objects: CustomObjectsApi;
beforeAll(async () => {
  world = await World.start();
  config = new SocketConfig(world.socket);
  objects = config.makeApiClient(CustomObjectsApi);
  world.write('down', tinyVm('down', { strategy: 'Halted' }));
  await world.untilStatus('down', 'Stopped');
  await bringUp(world, 'web');
});
afterAll(async () => {
  await config.agent.destroy();
  await world[Symbol.asyncDispose]();
});

interface VmList {
  readonly metadata: { readonly _continue?: string; readonly continue?: string };
  readonly items: readonly VmObject[];
}

test('lists, in pages, and gets', async () => {
  const page = async (from?: string): Promise<VmList> =>
    await objects.listClusterCustomObject({ ...VMS, limit: 1, ...(from && { _continue: from }) });
  const first = await page();
  const second = await page(first.metadata.continue);
  expect([first, second].map(({ items }) => items.map((vm) => vm.metadata.name))).toEqual([
    ['down'],
    ['web'],
  ]);
  const vm: VmObject = await objects.getNamespacedCustomObject({
    ...VMS,
    namespace: 'default',
    name: 'web',
  });
  expect(vm.status.printableStatus).toBe('Running');
});

test('finds a kind by discovery, reads and patches it', async () => {
  const any = KubernetesObjectApi.makeApiClient(config);
  const web = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'down' } };
  expect((await any.read(web)).metadata?.uid).toBe((await world.vm('down')).metadata.uid);
  await objects.patchNamespacedCustomObject(
    {
      ...VMS,
      namespace: 'default',
      name: 'down',
      body: { metadata: { labels: { patched: 'yes' } } },
    },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  expect((await world.vm('down')).metadata.labels).toEqual({ patched: 'yes' });
  expect(world.read('down')).toContain('# the comment stays');
});

test('calls a subresource', async () => {
  const path = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/web/stop';
  const answer = await fetch(`http://localhost${path}`, {
    method: 'PUT',
    dispatcher: config.agent,
    body: JSON.stringify({ dryRun: ['All'] }),
  });
  expect(answer.status).toBe(202);
});

test('reads typed objects: events of both groups, namespaces, the node, and what it may do', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const events = await core.listNamespacedEvent({
    namespace: 'default',
    fieldSelector: 'involvedObject.name=web,involvedObject.kind=VirtualMachine',
  });
  expect(events.items.map(({ reason }) => reason)).toContain('SuccessfulCreate');
  expect(events.items[0]?.lastTimestamp).toBeInstanceOf(Date);
  const newer = await config.makeApiClient(EventsV1Api).listNamespacedEvent({
    namespace: 'default',
    fieldSelector: 'regarding.kind=VirtualMachineInstance',
  });
  expect(newer.items.map(({ note }) => note)).toContain('the guest runs');
  expect((await core.listNamespace()).items.map(({ metadata }) => metadata?.name)).toEqual([
    'default',
  ]);
  expect((await core.listNode()).items).toHaveLength(1);
  const review = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: { verb: 'list', group: 'kubevirt.io', resource: 'virtualmachines' },
      },
    },
  });
  expect(review.status?.allowed).toBe(true);
});

test('errors are those of Kubernetes', async () => {
  const missing = objects.getNamespacedCustomObject({
    ...VMS,
    namespace: 'default',
    name: 'nobody',
  });
  await expect(missing).rejects.toMatchObject({ code: 404 });
  await expect(missing).rejects.toThrow('NotFound');
});

test('an informer sees VMs come, change and go, over a restart of the daemon', async () => {
  const informer = makeInformer<KubernetesObject & VmObject>(
    config,
    PATH,
    async () => await objects.listClusterCustomObject(VMS),
  );
  const seen: string[] = [];
  let look = (): void => {};
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, ({ metadata, status }: VmObject) => {
      seen.push(`${verb} ${metadata.name} ${status.printableStatus}`);
      look();
    });
  const until = async (word: string): Promise<void> => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (!seen.some((told) => told.startsWith(word))) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      look = resolve;
      deadline.onabort = () => reject(new Error(`not in time: ${word}; seen: ${seen.join(', ')}`));
      await promise;
    }
  };
  await informer.start();
  await until('add web Running');
  world.write('comes', tinyVm('comes', { strategy: 'Halted' }));
  await until('add comes Stopped');
  await world.instance('web', 'pause');
  await until('update web Paused');
  const { promise: broken, resolve: breaks } = Promise.withResolvers<void>();
  informer.on('error', () => breaks());
  await world.endDaemon('SIGKILL');
  await broken;
  world.remove('comes');
  world.write('later', tinyVm('later', { strategy: 'Halted' }));
  await world.startDaemon();
  await informer.start();
  await until('add later Stopped');
  await until('delete comes');
  expect(informer.get('web', 'default')?.status.printableStatus).toBe('Paused');
  await informer.stop();
});
