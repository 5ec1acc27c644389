/** Readiness and liveness probes of real guests, over the network and through their agents. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { agentIs, agentVm, control, freePort } from './agent-guest.ts';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { Vm } from './vm-handle.ts';
import { condition, eventReasons } from './waiting.ts';

/** Quick, and not so quick that a busy host fails them. */
const TIMES = 'periodSeconds: 1, timeoutSeconds: 10';
const FILE = '/www/ready';

const CHECKS = {
  exec: `exec: {command: [test, -e, ${FILE}]}`,
  http: 'httpGet: {port: 80, path: /ready}',
} as const;

const readiness = (check: string): string => `      readinessProbe: {${check}, ${TIMES}}\n`;
const liveness = (check: string, threshold = 2): string =>
  `      livenessProbe: {${check}, ${TIMES}, failureThreshold: ${threshold}}\n`;

const EXAMPLE = new URL('../../vms/probes.yaml', import.meta.url);

let world: World;
let port: number;

beforeAll(async () => {
  port = await freePort();
  world = await World.start();
  const probes = readiness(CHECKS.http) + liveness('guestAgentPing: {}', 3600);
  world.write('web', agentVm('web', port, '', 'Always', probes));
  await world.until('web', 'has its agent', agentIs('True'));
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function readyIs(status: 'True' | 'False', reason?: string) {
  return (vm: VmObject | undefined): boolean => {
    const ready = condition(vm, 'Ready');
    return ready?.status === status && ready.reason === reason;
  };
}

test('a guest that runs is not ready before its probe succeeds, and others wait for that', async () => {
  world.write('app', tinyVm('app', { strategy: 'Always', annotations: { 'start-after': 'web' } }));
  const before = await world.until(
    'web',
    'failed',
    (vm) => condition(vm, 'Ready')?.message?.includes('HTTP status 404') === true,
  );
  expect(before?.status).toMatchObject({ printableStatus: 'Running', ready: false });
  expect(condition(before, 'Ready')).toMatchObject({ reason: 'ContainersNotReady' });
  const app = await world.until('app', 'waits', (vm) => vm?.status.held !== undefined);
  expect(app?.status.held).toMatchObject({
    by: 'start-after',
    message: 'waiting for web to be ready',
  });
  expect((await cli(world, 'list')).stdout).toMatch(/^web +Running \(not ready\) /m);
  expect((await cli(world, 'describe', 'web')).stdout).toContain(
    'not ready: the readiness probe failed: HTTP status 404',
  );
  expect(await eventReasons(world, 'web')).toContain('Unhealthy');

  await control(port, 'ready');
  await world.until('web', 'is ready', readyIs('True'));
  await world.untilStatus('app', 'Running');
  expect(await eventReasons(world, 'web')).toContain('Ready');
  const { body } = await world.api(
    'GET',
    '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/web',
  );
  expect(body.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'True' }),
  );
});

test('a guest that was ready stays so over the death of the daemon, and one that is not any more is found out', async () => {
  const { lastTransitionTime } = condition(await world.vm('web'), 'Ready') ?? {};
  await world.endDaemon('SIGKILL');
  await world.startDaemon();
  const after = await world.until('web', 'has its agent', agentIs('True'));
  expect(condition(after, 'Ready')).toMatchObject({ status: 'True', lastTransitionTime });
  await control(port, 'unready');
  await world.until('web', 'is not ready', readyIs('False', 'ContainersNotReady'));
  await control(port, 'ready');
  await world.until('web', 'is ready', readyIs('True'));
});

test('probes rest while the guest is paused', async () => {
  const web = Vm.planned(world, 'web', '');
  const failures = async () =>
    (await web.eventReasons()).filter((reason) => reason === 'Unhealthy').length;
  const before = await failures();
  expect((await web.instance('pause')).code).toBe(200);
  await world.until('web', 'is paused', readyIs('False', 'GuestNotRunning'));
  // What another probe finds meanwhile takes longer than this one would have needed to fail.
  const other = await freePort();
  const slow = `      readinessProbe: {${CHECKS.exec}, periodSeconds: 2, timeoutSeconds: 10, successThreshold: 3}\n`;
  world.write('slow', agentVm('slow', other, '', 'Always', slow));
  await world.until('slow', 'has its agent', agentIs('True'));
  await control(other, 'ready');
  await world.until('slow', 'is ready', readyIs('True'));
  expect(await failures()).toBe(before);
  expect((await web.instance('unpause')).code).toBe(200);
  await world.until('web', 'is ready again', readyIs('True'));
  world.remove('slow');
});

test('the example comes up ready', async () => {
  world.write('probes', readFileSync(EXAMPLE, 'utf8'));
  await world.untilStatus('probes', 'Stopped');
  expect(await cli(world, 'start', 'probes', '--wait=90s')).toMatchObject({ code: 0 });
  expect((await world.vm('probes')).status).toMatchObject({
    printableStatus: 'Running',
    ready: true,
  });
  world.remove('probes');
});

test('start --wait waits until the guest is ready', async () => {
  const other = await freePort();
  world.write('late', agentVm('late', other, '', 'Manual', readiness(CHECKS.exec)));
  await world.untilStatus('late', 'Stopped');
  const started = cli(world, 'start', 'late', '--wait=60s');
  await world.until('late', 'has its agent', agentIs('True'));
  expect(condition(await world.vm('late'), 'Ready')).toMatchObject({ status: 'False' });
  await using kubectl = await Kubectl.on(world);
  const waiting = kubectl.ok(['wait', 'vmi/late', '--for=condition=Ready', '--timeout=60s']);
  await control(other, 'ready');
  expect(await waiting).toContain('condition met');
  expect(await started).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('late is running after'),
  });
  expect((await world.vm('late')).status.ready).toBe(true);
});

test.for([
  // Before its network is up, nobody refuses.
  ['tcp', 'tcpSocket: {port: 7}', /the guest (refused|did not answer)|no answer within/],
  ['agent', 'guestAgentPing: {}', /no agent runs in the guest/],
] as const)(
  'a liveness probe (%s) that fails ends the instance, and the strategy decides',
  async ([name, check, why]) => {
    const vm = await Vm.known(
      world,
      `dead-${name}`,
      agentVm(`dead-${name}`, await freePort(), 'solovirt.agent=none', 'Once', liveness(check)),
    );
    const run = await vm.ended(1);
    expect(run.verdict).toMatchObject({
      outcome: 'Failed',
      reason: 'LivenessProbeFailed',
      initiator: 'supervisor',
    });
    expect((await vm.is('Stopped')).status.runHistory).toHaveLength(1);
    const { body } = await world.api(
      'GET',
      `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${vm.name}`,
    );
    const messages = body.items.map(({ message }: { message: string }) => message);
    const failed = `Liveness probe failed: (${why.source})`;
    expect(messages).toContainEqual(expect.stringMatching(failed));
    expect(messages).toContainEqual(expect.stringContaining('stopping: its liveness probe failed'));
  },
);

test('Always starts a guest again whose liveness probe failed', async () => {
  const text = agentVm(
    'again',
    await freePort(),
    'solovirt.agent=none',
    'Always',
    liveness(CHECKS.exec),
  );
  const vm = Vm.put(world, 'again', text);
  const first = await vm.running();
  expect((await vm.ended(1)).verdict.reason).toBe('LivenessProbeFailed');
  await vm.running(first.uid);
});
