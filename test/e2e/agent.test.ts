/** What a real agent in a real guest tells, and what becomes of a host whose guest has a bad one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  agentIs,
  agentVm,
  control,
  freePort,
  hasWritten,
  NIC_MAC,
  untilKnown,
} from './agent-guest.ts';
import { World } from './daemon-harness.ts';
import { cli } from './run-main.ts';
import { condition } from './waiting.ts';

const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/web';
const VMI = '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances/web';

let world: World;
let port: number;

beforeAll(async () => {
  port = await freePort();
  world = await World.start();
  world.write('web', agentVm('web', port));
  world.write('bad', agentVm('bad', await freePort(), 'solovirt.agent=garbage'));
  await world.untilStatus('web', 'Running');
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('status tells the guest’s system and addresses once the agent has come up', async () => {
  const vm = await untilKnown(world, 'web');
  expect(condition(vm, 'AgentConnected')).toMatchObject({ status: 'True' });
  expect(vm.status.instance?.guest).toMatchObject({
    agent: 'connected',
    hostName: 'solovirt-guest',
    os: 'solovirt agent guest 1',
  });
  expect(vm.status.instance?.guest?.addresses[0]).toBe('10.0.2.2');
  const { body } = await world.api('GET', VMI);
  expect(body.status.guestOSInfo).toMatchObject({
    id: 'solovirt',
    machine: 'x86_64',
    name: 'solovirt agent guest',
    prettyName: 'solovirt agent guest 1',
    version: '1 (test)',
    versionId: '1',
  });
  // A link-local address may come beside it at any moment.
  expect(body.status.interfaces).toEqual([
    {
      name: 'default',
      mac: NIC_MAC,
      interfaceName: 'eth0',
      ipAddress: '10.0.2.2',
      ipAddresses: expect.arrayContaining(['10.0.2.2']),
      infoSource: 'domain, guest-agent',
      queueCount: 1,
      linkState: 'up',
    },
  ]);
});

test('statistics tell what went through the guest’s interfaces, and not what a bad agent says', async () => {
  await untilKnown(world, 'web');
  const statsOf = async (name: string) =>
    (
      await world.api(
        'GET',
        `/apis/solovirt.io/v1/namespaces/default/virtualmachines/${name}/stats`,
      )
    ).body;
  const { interfaces } = await statsOf('web');
  expect(interfaces).toEqual([
    expect.objectContaining({ name: 'default', receiveErrors: 0, transmitErrors: 0 }),
  ]);
  // It has had its address by DHCP.
  expect(interfaces[0].receiveBytes).toBeGreaterThan(300);
  expect(interfaces[0].transmitPackets).toBeGreaterThanOrEqual(2);
  expect((await statsOf('bad')).interfaces).toBeUndefined();
  const { body } = await world.api('GET', '/metrics');
  expect(body).toMatch(
    /^kubevirt_vmi_network_receive_bytes_total\{node="[^"]+",namespace="default",name="web",interface="default"\} \d+$/m,
  );
});

test('the subresources tell what the agent says now', async () => {
  await control(port, 'login');
  const { code, body } = await world.api('GET', `${SUB}/guestosinfo`);
  expect(code).toBe(200);
  expect(body).toMatchObject({
    kind: 'VirtualMachineInstanceGuestAgentInfo',
    hostname: 'solovirt-guest',
    os: { id: 'solovirt' },
    timezone: 'UTC, 0',
    userList: [{ userName: 'alice', loginTime: 1e9 }],
    fsFreezeStatus: 'thawed',
  });
  expect(body.guestAgentVersion).toMatch(/^\d+\.\d+\.\d+/);
  expect(body.supportedCommands).toContainEqual({ name: 'guest-ping', enabled: true });
  const users = await world.api('GET', `${SUB}/userlist`);
  expect(users.body.items).toEqual([{ userName: 'alice', loginTime: 1e9 }]);
  const { body: list } = await world.api('GET', `${SUB}/filesystemlist`);
  expect(list.kind).toBe('VirtualMachineInstanceFileSystemList');
  expect(list.items).toMatchObject([
    { diskName: 'vda', mountPoint: '/data', fileSystemType: 'ext4', disk: [{ busType: 'virtio' }] },
  ]);
  expect(list.items[0].usedBytes).toBeLessThan(list.items[0].totalBytes);
});

test('the command line tells the same in tables', async () => {
  const { code, stdout } = await cli(world, 'guest', 'web');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Host name: +solovirt-guest\nSystem: +solovirt agent guest 1\n/);
  expect(stdout).toMatch(/ {2}default +eth0 +02:00:00:00:00:01 +10\.0\.2\.2/);
  expect(stdout).toMatch(/ {2}alice +- +2001-09-09T01:46:40Z/);
  expect(stdout).toMatch(/ {2}\/data +ext4 .* vda \(virtio/);
  const list = await cli(world, 'list', '-o', 'wide');
  expect(list.stdout).toContain('10.0.2.2');
  const users = await cli(world, 'userlist', 'web', '-o', 'json');
  expect(JSON.parse(users.stdout).items).toHaveLength(1);
  const none = await cli(world, 'guest', 'wep');
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain('Did you mean web?');
});

test('a frozen guest writes nothing until it is thawed', async () => {
  expect((await put('freeze', {})).code).toBe(400);
  expect((await put('freeze', { unfreezeTimeout: '5m', dryRun: ['All'] })).code).toBe(200);
  expect((await world.api('GET', VMI)).body.status).not.toHaveProperty('fsFreezeStatus');
  const frozen = await cli(world, 'freeze', 'web');
  expect(frozen.stdout).toContain('VMI web is frozen: `solovirt unfreeze web` thaws it');
  expect((await world.api('GET', VMI)).body.status.fsFreezeStatus).toBe('frozen');
  expect((await cli(world, 'describe', 'web')).stdout).toMatch(/Frozen: .*; thaws in/);
  const writing = control(port, 'write');
  expect((await world.api('GET', `${SUB}/guestosinfo`)).body).toMatchObject({
    fsFreezeStatus: 'frozen',
    // Such an agent tells nothing else: it is what it said before.
    userList: [{ userName: 'alice' }],
  });
  expect(await hasWritten(port)).toBe(false);
  expect(await world.instance('web', 'softreboot')).toMatchObject({ code: 409 });
  // Another freeze counts the time anew.
  expect((await put('freeze', { unfreezeTimeout: '10m' })).code).toBe(200);
  expect((await put('unfreeze', {})).code).toBe(200);
  expect(await writing).toBe('done');
  expect(await hasWritten(port)).toBe(true);
  expect((await world.vm('web')).status.instance).not.toHaveProperty('frozen');
});

test('a guest that was frozen is thawed in its time, although the daemon died', async () => {
  const killed = world.endDaemon('SIGKILL');
  await killed;
  await world.startDaemon();
  await world.until('web', 'has its agent again', agentIs('True'));
  expect((await put('freeze', { unfreezeTimeout: '1s' })).code).toBe(200);
  await world.endDaemon('SIGKILL');
  await world.startDaemon();
  await world.until('web', 'is thawed', (vm) => vm?.status.instance?.frozen === undefined);
  expect((await world.api('GET', `${SUB}/guestosinfo`)).body.fsFreezeStatus).toBe('thawed');
  expect(await timesThawed()).toBe(2);
});

test('an agent that hangs holds nobody up, and is believed again when it answers', async () => {
  await control(port, 'stop');
  const { code, body } = await world.api('GET', `${SUB}/guestosinfo`);
  // What it said before, with the time of it.
  expect(code).toBe(200);
  expect(Date.parse(body.observedAt)).toBeLessThan(Date.now() - 1000);
  await world.until('web', 'shows the silence', agentIs('False'));
  expect((await world.api('GET', VMI)).body.status.guestOSInfo.id).toBe('solovirt');
  expect((await put('freeze', { unfreezeTimeout: '5m', dryRun: ['All'] })).code).toBe(200);
  await control(port, 'cont');
  expect((await world.api('GET', `${SUB}/userlist`)).code).toBe(200);
  await world.until('web', 'shows the agent', agentIs('True'));
});

test('without an agent there is nothing to ask, until one comes', async () => {
  await control(port, 'kill');
  await world.until('web', 'shows that it is gone', agentIs('absent'));
  const status = (await world.api('GET', VMI)).body.status;
  expect(status).not.toHaveProperty('guestOSInfo');
  expect(status.interfaces).toMatchObject([{ infoSource: 'domain' }]);
  for (const [method, verb] of [
    ['GET', 'guestosinfo'],
    ['GET', 'userlist'],
    ['PUT', 'freeze'],
    ['PUT', 'unfreeze'],
  ] as const) {
    const answer = await world.api(method, `${SUB}/${verb}`, freezeBodyFor(verb));
    expect(answer.code).toBe(409);
    expect(answer.body.message).toContain('VMI does not have guest agent connected');
  }
  await control(port, 'run');
  await untilKnown(world, 'web');
});

test('text that attacks a terminal is only text', async () => {
  await control(port, 'bad-words');
  const { body } = await world.api('GET', `${SUB}/guestosinfo`);
  expect(body.os.prettyName).toMatch(/^evilm?$/);
  expect(body.os.name).toHaveLength(256);
});

test('what talks without end is not listened to, and its guest is well', async () => {
  await world.until('bad', 'shows the silence', agentIs('False'));
  const { code, body } = await world.api('GET', `${SUB.replace('web', 'bad')}/userlist`);
  expect(code).toBe(503);
  expect(body.message).toContain('is no agent');
  expect((await world.vm('bad')).status.printableStatus).toBe('Running');
});

test('a frozen guest is thawed before it is stopped', async () => {
  expect((await put('freeze', { unfreezeTimeout: '0s' })).code).toBe(200);
  await world.command('web', 'stop');
  const run = await world.untilRuns('web', 1);
  expect(run.verdict).toMatchObject({ outcome: 'Succeeded', reason: 'StoppedByCommand' });
  expect(await timesThawed()).toBe(3);
});

/** Events that repeat are one, with a count. */
async function timesThawed(): Promise<number> {
  const path = '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dweb';
  const { body } = await world.api('GET', path);
  const events: readonly { reason: string; count: number }[] = body.items;
  return events.filter((e) => e.reason === 'Thawed').reduce((sum, { count }) => sum + count, 0);
}

function put(verb: string, body: object) {
  return world.api('PUT', `${SUB}/${verb}`, body);
}

function freezeBodyFor(verb: string): object | undefined {
  if (verb === 'freeze') return { unfreezeTimeout: '5m' };
  return verb === 'unfreeze' ? {} : undefined;
}
