/** Who may look but not touch: what the read-only socket shows, hides and refuses, and how the client finds it. */
import { existsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import type { HostInfo } from '../../src/api/contract-host.ts';
import type { ObjectList } from '../../src/api/contract-meta.ts';
import type { RunList } from '../../src/api/contract-runs.ts';
import { type Answer, World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';
import { MAIN, runMain } from './run-main.ts';

const HIDDEN = '(not shown on the read-only socket)';
const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines';

let world: World;
let socket: string;
beforeAll(async () => {
  world = await World.start();
  socket = join(dirname(world.socket), 'solovirt-ro.sock');
  world.write('web', secretVm('web'));
  await world.untilStatus('web', 'Running');
});
afterAll(() => world[Symbol.asyncDispose]());

/** kubectl leaves a copy of what it applied, with all that stands in it. */
function secretVm(name: string): string {
  const copy = '    kubectl.kubernetes.io/last-applied-configuration: "a secret"\n';
  const text = tinyVm(name, { strategy: 'Always' });
  return text.replace('metadata:\n', `metadata:\n  annotations:\n${copy}`);
}

function ask(method: string, path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request({ socketPath: socket, method, path }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () =>
      // Of a watch the first event, for others may follow it.
      resolve({ code: response.statusCode ?? 0, body: JSON.parse(text.split('\n')[0] ?? '') }),
    );
  });
  outgoing.on('error', reject);
  outgoing.end();
  return promise;
}

test('it lies beside the other socket, and goes with the daemon', async () => {
  expect((statSync(socket).mode & 0o777).toString(8)).toBe('660');
  const info = (await ask('GET', '/apis/solovirt.io/v1/info')).body as HostInfo;
  expect(info).toMatchObject({ socket: world.socket, readonlySocket: socket });
  await using other = await World.start();
  const its = join(dirname(other.socket), 'solovirt-ro.sock');
  expect(existsSync(its)).toBe(true);
  await other.endDaemon('SIGTERM');
  expect(existsSync(its)).toBe(false);
});

test('there is none where none is wanted', async () => {
  await using other = await World.start({ args: ['--readonly-socket', 'none'] });
  expect(existsSync(join(dirname(other.socket), 'solovirt-ro.sock'))).toBe(false);
  const info = (await other.api('GET', '/apis/solovirt.io/v1/info')).body as HostInfo;
  expect(info.readonlySocket).toBeUndefined();
});

describe('shown', () => {
  test.for([
    '/version',
    '/healthz',
    '/api',
    '/apis',
    '/apis/kubevirt.io',
    '/apis/kubevirt.io/v1',
    '/api/v1',
    VMS,
    `${VMS}/web`,
    `${VMS}/web/runs`,
    '/apis/kubevirt.io/v1alpha3/virtualmachines',
    '/apis/kubevirt.io/v1/virtualmachineinstances',
    '/api/v1/events',
  ])('%s', async (path) => {
    expect((await ask('GET', path)).code).toBe(200);
  });

  test('without secrets, in an object, a list and a watch', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': HIDDEN };
    const one = (await ask('GET', `${VMS}/web`)).body as VmObject;
    expect(one.metadata.annotations).toEqual(annotations);
    const list = (await ask('GET', VMS)).body as ObjectList<VmObject>;
    expect(list.items.map(({ metadata }) => metadata.annotations)).toEqual([annotations]);
    const watched = (await ask('GET', `${VMS}?watch=1&timeoutSeconds=1`)).body as {
      readonly object: VmObject;
    };
    expect(watched.object.metadata.annotations).toEqual(annotations);
    const open = (await world.api('GET', `${VMS}/web`)).body as VmObject;
    expect(open.metadata.annotations).toEqual({
      'kubectl.kubernetes.io/last-applied-configuration': 'a secret',
    });
  });

  test('runs without what the guest said', async () => {
    world.write('talks', tinyVm('talks', { strategy: 'Once', guest: 'off' }));
    await world.untilRuns('talks', 1);
    const [open] = await world.runs('talks');
    expect(open?.evidence?.consoleTail).not.toBe('');
    const { items } = (await ask('GET', `${VMS}/talks/runs`)).body as RunList;
    expect(items[0]?.evidence?.consoleTail).toBe(HIDDEN);
    expect(items[0]?.verdict).toEqual(open?.verdict);
  });
});

describe('refused, and nothing is done', () => {
  /** What the requests are about; what the guest does by itself may change. */
  const standing = async () => {
    const { spec, status } = await world.vm('web');
    const { printableStatus, stateChangeRequests, instance } = status;
    return { spec, printableStatus, stateChangeRequests, uid: instance?.uid, stop: instance?.stop };
  };
  test.for([
    ['GET', `${SUB}/web/logs`, 'does not show this'],
    ['PUT', `${SUB}/web/stop`, 'takes no PUT'],
    ['PUT', '/apis/solovirt.io/v1/drain', 'takes no PUT'],
    ['DELETE', '/apis/solovirt.io/v1/drain', 'takes no DELETE'],
  ] as const)('%s %s', async ([method, path, words]) => {
    const before = await standing();
    expect(await ask(method, path)).toEqual({
      code: 403,
      body: expect.objectContaining({
        kind: 'Status',
        reason: 'Forbidden',
        message: `the read-only socket ${words}; use ${world.socket}`,
      }),
    });
    expect(await standing()).toEqual(before);
  });

  test('an upgrade to another protocol', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const outgoing = request({
      socketPath: socket,
      path: `${SUB}/web/console`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    outgoing.on('upgrade', () => reject(new Error('it was upgraded')));
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
    expect([403, 404]).toContain(await promise);
  });
});

describe('the client', () => {
  test('looks there when told to', async () => {
    const ran = await runMain(['list', '--socket', socket]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^web +Running/m);
  });

  test('and says why a command is refused', async () => {
    const ran = await runMain(['stop', 'web', '--socket', socket]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`the read-only socket takes no PUT; use ${world.socket}`);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'looks there by itself when the other socket is not for this user',
    async () => {
      await using shared = await World.start();
      // As for a member of the group solovirt-ro.
      await execa('chmod', ['666', join(dirname(shared.socket), 'solovirt-ro.sock')]);
      await execa('chmod', ['711', dirname(shared.socket)]);
      const run = (...args: readonly string[]) =>
        execa(process.execPath, [MAIN, ...args], {
          env: { SOLOVIRT_SOCKET: shared.socket },
          uid: 65_534,
          gid: 65_534,
          reject: false,
        });
      const info = await run('info', '-o', 'json');
      expect([info.exitCode, info.stderr]).toEqual([0, '']);
      expect(JSON.parse(info.stdout)).toMatchObject({ socket: shared.socket });
      const stop = await run('drain');
      expect(stop.exitCode).toBe(3);
      expect(stop.stderr).toContain(`this user may not use the daemon's socket ${shared.socket}`);
      const named = await run('info', '--socket', shared.socket);
      expect(named.exitCode).toBe(3);
    },
  );
});

test('kubectl reads over it', async () => {
  await using kubectl = await Kubectl.on({ socket, dir: world.dir });
  expect(await kubectl.ok(['get', 'vm', 'web', '-o', 'name'])).toBe(
    'virtualmachine.kubevirt.io/web',
  );
});
