/** VNC, screenshots and ports of a guest through the API socket. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { World } from './daemon-harness.ts';
import { demoVm, tinyVm } from './manifests.ts';
import { dial, instancePath, refusal, tryDial } from './web-socket.ts';

let world: World;

beforeAll(async () => {
  world = await World.start();
  world.write('linux', demoVm('linux', { strategy: 'Always', graphics: true, network: true }));
  world.write('tiny', tinyVm('tiny', { strategy: 'Always' }));
  await world.untilStatus('linux', 'Running');
  await world.untilStatus('tiny', 'Running');
  await world.untilConsole('linux', 'eth0 has 10.0.2.2');
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('VNC: RFB both ways; the next viewer takes over, unless the session is to be kept', async () => {
  using first = await dial(world, instancePath('linux', 'vnc'));
  await first.said('RFB 003.008\n');
  first.send('RFB 003.008\n');
  // RFC 6143, 7.1.2: one security type, none.
  await first.until('the security types', (text) => text.endsWith('\u0001\u0001'));
  const kept = await refusal(world, instancePath('linux', 'vnc?preserveSession=true'));
  expect(kept).toMatchObject({
    code: 503,
    body: { message: 'the VNC session is in use, and preserveSession keeps it' },
  });
  using second = await dial(world, instancePath('linux', 'vnc?preserveSession=false'));
  await second.said('RFB 003.008\n');
  expect(await first.end()).toEqual({ code: 1008, reason: 'another viewer has taken over' });
  second.socket.close();
  await second.end();
});

test('a screenshot is a PNG of the size of the display, and leaves no file behind', async () => {
  const { code, type, body } = await getBytes(instancePath('linux', 'vnc/screenshot'));
  expect({ code, type }).toEqual({ code: 200, type: 'image/png' });
  expect(body.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
  // PNG, 11.2.2: width and height begin the first chunk. A text mode of VGA is 720 pixels wide.
  expect([body.readUInt32BE(16), body.readUInt32BE(20)]).toEqual([720, 400]);
  const uid = (await world.vm('linux')).status.instance?.uid ?? '';
  expect(readdirSync(join(world.runtime, 'i', uid)).sort()).toEqual(
    ['con', 'ctl', 'qga', 'qmp', 'vnc'].sort(),
  );
  const many = await Promise.all(
    [1, 2, 3].map(() => getBytes(instancePath('linux', 'vnc/screenshot?moveCursor=true'))),
  );
  expect(many.map((answer) => answer.code)).toEqual([200, 200, 200]);
});

test('no screenshot of a guest without a display, and none with a query that is not understood', async () => {
  expect(await world.api('GET', instancePath('tiny', 'vnc/screenshot'))).toMatchObject({
    code: 400,
    body: { message: 'No graphics devices are present.' },
  });
  expect(
    await world.api('GET', instancePath('linux', 'vnc/screenshot?moveCursor=perhaps')),
  ).toMatchObject({ code: 400 });
});

test('a port of the guest: its web page, with nothing left listening for others', async () => {
  using session = await dial(world, instancePath('linux', 'portforward/80'));
  expect(await usernet()).not.toContain('HOST_FORWARD');
  session.send('GET / HTTP/1.0\r\n\r\n');
  await session.said('Hello from a solovirt guest.');
  expect(session.text).toMatch(/^HTTP\/1\.[01] 200 OK/);
  expect(await session.end()).toEqual({ code: 1000, reason: 'port 80 of the guest was closed' });
  const two = await Promise.all([
    dial(world, instancePath('linux', 'portforward/80/tcp')),
    dial(world, instancePath('linux', 'portforward/80/tcp')),
  ]);
  for (const other of two) {
    other.send('GET / HTTP/1.0\r\n\r\n');
    await other.said('Hello from a solovirt guest.');
  }
});

test('ports that cannot be reached: why', async () => {
  const cases = [
    ['linux', '81', 503, /port 81 of linux was not reached: the guest refused the connection/],
    ['linux', '80/udp', 400, /UDP is not forwarded here/],
    ['linux', '80/sctp', 400, /must be tcp or udp, not "sctp"/],
    ['linux', '70000', 400, /"70000" is no port/],
    ['tiny', '80', 400, /no network interface/],
    ['nobody', '80', 404, /not found/],
  ] as const;
  for (const [name, port, code, message] of cases) {
    const refused = await refusal(world, instancePath(name, `portforward/${port}`));
    expect(refused.body.message).toMatch(message);
    expect(refused.code).toBe(code);
  }
  await world.instance('linux', 'pause');
  await world.untilStatus('linux', 'Paused');
  expect(await refusal(world, instancePath('linux', 'portforward/80'))).toMatchObject({
    code: 409,
    body: { message: 'VMI is paused' },
  });
  await world.instance('linux', 'unpause');
  expect(await usernet()).not.toContain('HOST_FORWARD');
});

test('a way that a daemon left open is closed by the next one', async () => {
  await world.endDaemon('SIGKILL');
  await monitor('hostfwd_add net0 tcp:127.115.1.1:0-10.0.2.2:80');
  await monitor('hostfwd_add net0 tcp:127.0.0.1:0-10.0.2.2:80');
  expect(await usernet()).toContain('127.115.1.1');
  await world.startDaemon();
  await world.untilStatus('linux', 'Running');
  const left = await until(usernet, (text) => !text.includes('127.115.1.1'));
  expect(left).toContain('HOST_FORWARD');
});

test('VNC ends with its guest', async () => {
  using session = await dial(world, instancePath('linux', 'vnc'));
  await session.said('RFB');
  await world.command('linux', 'stop', { gracePeriod: 0 });
  expect(await session.end()).toEqual({ code: 1000, reason: 'the VM has stopped' });
  expect(await tryDial(world, instancePath('linux', 'vnc'))).toMatchObject({ code: 409 });
});

interface Bytes {
  readonly code: number | undefined;
  readonly type: string | undefined;
  readonly body: Buffer;
}

async function getBytes(path: string): Promise<Bytes> {
  const { promise, resolve, reject } = Promise.withResolvers<Bytes>();
  const outgoing = request({ socketPath: world.socket, path }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () =>
      resolve({
        code: response.statusCode,
        type: response.headers['content-type'],
        body: Buffer.concat(chunks),
      }),
    );
  });
  outgoing.on('error', reject);
  outgoing.end();
  return promise;
}

function usernet(): Promise<string> {
  return monitor('info usernet');
}

/** Through the second monitor, as a person would. */
async function monitor(line: string): Promise<string> {
  const [uid = ''] = readdirSync(join(world.runtime, 'i')).filter((candidate) =>
    readFileSync(join(world.state, 'instances', candidate, 'instance.json'), 'utf8').includes(
      '"name": "linux"',
    ),
  );
  await using client = await QmpClient.connect(join(world.runtime, 'i', uid, 'ctl'), {
    onEvent: () => {},
    onClose: () => {},
  });
  return String(await client.execute('human-monitor-command', { 'command-line': line }));
}

async function until(
  ask: () => Promise<string>,
  wanted: (text: string) => boolean,
): Promise<string> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const text = await ask();
    if (wanted(text)) return text;
    await new Promise((next) => setTimeout(next, 10));
  }
  throw new Error('not in time');
}
