/** KubeVirt's subresources that need a cluster, and its reads that need none. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';

const SUB = '/apis/subresources.kubevirt.io';
const WEB = `${SUB}/v1/namespaces/default/virtualmachines/web`;
const WEB_INSTANCE = `${SUB}/v1/namespaces/default/virtualmachineinstances/web`;

let world: World;
let kubectl: Kubectl;
beforeAll(async () => {
  world = await World.start();
  kubectl = await Kubectl.on(world);
  world.write('web', tinyVm('web', { strategy: 'Always' }));
  world.write('off', tinyVm('off', { strategy: 'Halted' }));
  await world.untilStatus('web', 'Running');
  await world.untilStatus('off', 'Stopped');
});
afterAll(async () => {
  await kubectl[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

interface Answer {
  readonly code: number;
  readonly body: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${kubectl.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { code: response.status, body: (await response.json()) as Record<string, unknown> };
}

test.each([
  ['PUT', `${WEB}/migrate`, 'migrate is not possible here: there is no other node'],
  ['PUT', `${WEB_INSTANCE}/evacuate/cancel`, 'evacuate/cancel is not possible here'],
  ['GET', `${SUB}/v1/guestfs`, 'guestfish'],
  ['PUT', `${WEB.replace('/v1/', '/v1alpha3/')}/migrate`, 'no other node'],
])('%s %s says why not', async (method, path, words) => {
  const { code, body } = await ask(method, path, method === 'PUT' ? {} : undefined);
  expect(code).toBe(405);
  expect(body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'MethodNotAllowed' });
  expect(body['message']).toContain(words);
});

test.each([
  ['PUT', `${WEB}/memorydump`, 'solovirt.io/panic-dumps'],
  ['PUT', `${WEB}/addvolume`, 'add the volume to the file of the VM'],
  ['GET', `${WEB_INSTANCE}/sev/fetchcertchain`, 'launchSecurity'],
  ['GET', `${WEB_INSTANCE}/usbredir`, 'clientPassthrough'],
])('%s %s is only not built, and says so', async (method, path, words) => {
  const { code, body } = await ask(method, path, method === 'PUT' ? {} : undefined);
  expect([code, body['reason']]).toEqual([501, 'NotImplemented']);
  expect(body['message']).toContain(words);
});

test('kubectl shows why', async () => {
  const { code, stderr } = await kubectl.run(
    ['replace', '--raw', `${WEB}/migrate`, '-f', '-'],
    '{}',
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain('there is no other node that the guest could move to');
});

test('a spec without instance types is expanded as it is', async () => {
  const { body: vm } = await ask(
    'GET',
    '/apis/kubevirt.io/v1/namespaces/default/virtualmachines/off',
  );
  expect(await ask('GET', `${WEB.replace('web', 'off')}/expand-spec`)).toEqual({
    code: 200,
    body: vm,
  });
  expect((await ask('GET', `${WEB.replace('web', 'gone')}/expand-spec`)).code).toBe(404);
});

test('a VM that is sent is checked as a file is', async () => {
  const path = `${SUB}/v1/namespaces/default/expand-vm-spec`;
  const vm = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: {},
    spec: { runStrategy: 'Halted', template: { spec: { domain: { devices: {} } } } },
  };
  expect(await ask('PUT', path, vm)).toEqual({ code: 200, body: vm });
  const wrong = await ask('PUT', path, { ...vm, spec: { ...vm.spec, runStrategy: 'Sometimes' } });
  expect(wrong).toMatchObject({
    code: 400,
    body: {
      message: 'Object is not a valid VirtualMachine',
      details: { causes: [{ field: 'spec.runStrategy' }] },
    },
  });
  const elsewhere = await ask('PUT', path, { ...vm, metadata: { namespace: 'other' } });
  expect([elsewhere.code, elsewhere.body['message']]).toEqual([
    400,
    expect.stringContaining('the namespace "other"'),
  ]);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };
  expect(await ask('PUT', path, secret)).toMatchObject({
    code: 400,
    body: { details: { causes: [{ field: 'kind' }] } },
  });
  expect((await ask('PUT', path)).code).toBe(400);
});

test('the objects that belong to a VM', async () => {
  const node = (kind: string, name: string): object => ({
    objectReference: { apiGroup: 'kubevirt.io', kind, name, namespace: 'default' },
  });
  expect((await ask('GET', `${WEB}/objectgraph`)).body).toEqual({
    ...node('virtualmachines', 'web'),
    children: [node('virtualmachineinstances', 'web')],
  });
  expect((await ask('GET', `${WEB.replace('web', 'off')}/objectgraph`)).body).toEqual(
    node('virtualmachines', 'off'),
  );
  expect((await ask('GET', `${WEB_INSTANCE}/objectgraph`)).body).toEqual(
    node('virtualmachineinstances', 'web'),
  );
  expect((await ask('GET', `${WEB_INSTANCE.replace('web', 'off')}/objectgraph`)).code).toBe(404);
});

test('the version that virtctl asks for', async () => {
  const { body } = await ask('GET', `${SUB}/v1/version`);
  expect(body['gitVersion']).toMatch(/^v1\.\d+\.\d+\+solovirt-/);
  expect((await ask('GET', `${SUB}/v1/healthz`)).code).toBe(200);
});
