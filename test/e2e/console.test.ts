/** The serial console by WebSocket: both ways, shared, and never in the guest's way. */
import { appendFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { demoVm, tinyVm } from './manifests.ts';
import { dial, instancePath, refusal } from './web-socket.ts';

const PROMPT = 'solovirt-guest:/#';
const SUB = '/apis/subresources.kubevirt.io/v1/namespaces/default';
let world: World;

beforeAll(async () => {
  world = await World.start();
  world.write('linux', demoVm('linux', { strategy: 'Manual' }));
  world.write('tiny', tinyVm('tiny', { strategy: 'Always' }));
  world.write('mute', tinyVm('mute', { strategy: 'Always', devices: NO_CONSOLE }));
  world.write('down', tinyVm('down', { strategy: 'Halted' }));
  await world.untilStatus('linux', 'Stopped');
  await world.command('linux', 'start');
  await world.untilStatus('linux', 'Running');
  await world.untilStatus('tiny', 'Running');
  await world.untilStatus('mute', 'Running');
  await world.untilConsole('linux', 'Press Enter');
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const NO_CONSOLE = '          autoattachSerialConsole: false\n';

test('what was said before comes first, then a shell that can be used', async () => {
  using session = await dial(world, instancePath('linux', 'console'));
  expect(session.socket.protocol).toBe('plain.kubevirt.io');
  await session.said('Press Enter for a root shell.');
  // What is typed before the guest opens its console is lost.
  const enter = setInterval(() => session.send('\n'), 500);
  await session.said(PROMPT).finally(() => clearInterval(enter));
  session.send('echo $((6 * 7))-fold\n');
  await session.said('42-fold');
});

test('Ctrl-C ends what runs in the shell of the demo guest', async () => {
  using session = await dial(world, instancePath('linux', 'console?scrollback=0'));
  session.send('\necho be""gun; sleep 1000\n');
  await session.said('begun');
  session.send('\u0003');
  // The shell may drop what is typed before its next prompt.
  const again = setInterval(() => session.send('\necho status-$((40 + 2))\n'), 500);
  await session.said('status-42').finally(() => clearInterval(again));
});

test('two viewers both see what either types; one that leaves does not disturb the other', async () => {
  using one = await dial(world, instancePath('linux', 'console?scrollback=0'));
  // The same below virtualmachines, and without a subprotocol.
  const path = `${SUB}/virtualmachines/linux/console?scrollback=0`;
  using two = await dial(world, path, { protocols: [] });
  expect(two.socket.protocol).toBe('');
  one.send('\necho first-$((1 + 1))\n');
  await one.said('first-2');
  await two.said('first-2');
  two.send('echo second-$((1 + 2))\n');
  await one.said('second-3');
  one.socket.close();
  await one.end();
  two.send('echo third-$((1 + 3))\n');
  await two.said('third-4');
});

test('the log has what viewers saw, and what was said while nobody looked', async () => {
  using session = await dial(world, instancePath('linux', 'console?scrollback=0'));
  session.send('\n(sleep 1; echo un""seen) &\n');
  await session.said('&');
  session.socket.close();
  await session.end();
  await world.untilConsole('linux', 'unseen');
  using later = await dial(world, instancePath('linux', 'console'));
  await later.said('unseen');
  await world.untilConsole('linux', 'un""seen');
});

test('old escape sequences are not shown again, and nothing is shown when nothing is wanted', async () => {
  using session = await dial(world, instancePath('linux', 'console?scrollback=0'));
  session.send(`\nprintf '\\033[6nwhe""re \\033[1mbold\\033[0m\\n'\n`);
  await session.said('\u001b[6nwhe');
  expect(session.text).not.toContain('Press Enter');
  using later = await dial(world, instancePath('linux', 'console'));
  await later.said('\u001b[1mbold');
  // The prompt that comes after it asks anew.
  expect(later.text.split('bold')[0]).not.toContain('\u001b[6n');
});

test('a guest that says much is followed to its last word', async () => {
  using session = await dial(world, instancePath('linux', 'console?scrollback=0'));
  // Not right after typing: QEMU 7.2 may say a byte twice while a client of its socket is behind.
  session.send('\nsleep 2; yes flood | head -n 5000; echo do""ne\n');
  await session.said('\r\ndone');
  expect(session.text).toContain('flood\r\n'.repeat(5000));
});

test('a viewer that does not read is dropped, while the others go on', async () => {
  using slow = await dial(world, instancePath('tiny', 'console?scrollback=0'));
  using session = await dial(world, instancePath('tiny', 'console?scrollback=0'));
  slow.socket.pause();
  const uid = (await world.vm('tiny')).status.instance?.uid ?? '';
  // As QEMU writes it, only faster than an emulated guest can.
  const log = join(world.state, 'instances', uid, 'console.log');
  for (let line = 0; line < 20; line += 1) {
    appendFileSync(log, `${line}`.padEnd(100_000, '.'));
    await session.until('it all', (text) => text.length >= 100_000 * (line + 1));
  }
  slow.socket.resume();
  expect(await slow.end()).toEqual({
    code: 1008,
    reason: 'the viewer reads too slowly and has fallen too far behind',
  });
});

test('whoever cannot be let in is told why, as a Status', async () => {
  const kubevirt = [
    ['nobody', 404, 'virtualmachineinstances.kubevirt.io "nobody" not found'],
    ['down', 409, 'VMI is not running'],
    ['mute', 400, 'No serial consoles are present.'],
  ] as const;
  for (const [name, code, message] of kubevirt)
    expect(await refusal(world, instancePath(name, 'console'))).toMatchObject({
      code,
      body: { kind: 'Status', code, message },
    });
  expect(await refusal(world, instancePath('tiny', 'vnc'))).toMatchObject({
    code: 400,
    body: { message: 'No graphics devices are present.' },
  });
  expect(await refusal(world, instancePath('tiny', 'console?scrollback=lots'))).toMatchObject({
    code: 400,
    body: { message: 'scrollback must be a whole number of bytes, not "lots"' },
  });
});

test('a WebSocket where there is none, none where there is one, and pages of the web', async () => {
  expect(await refusal(world, '/apis/kubevirt.io/v1/virtualmachines')).toMatchObject({
    code: 400,
    body: { message: '/apis/kubevirt.io/v1/virtualmachines takes no WebSocket' },
  });
  expect(await refusal(world, '/nowhere')).toMatchObject({ code: 404, body: { code: 404 } });
  const plain = await world.api('GET', instancePath('tiny', 'console'));
  expect(plain).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
  const path = instancePath('tiny', 'console');
  expect(await refusal(world, path, { origin: 'http://evil.example' })).toMatchObject({
    code: 403,
  });
  (await dial(world, path, { origin: 'http://localhost:6080' })).socket.terminate();
});

test('an offer of HTTP/2, as curl makes it, is answered in HTTP/1.1', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(world.socket, () =>
    socket.write(
      'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n',
    ),
  );
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('close', () => resolve(text));
  expect(await promise).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('a guest of an older solovirt has no such socket: the answer says what to do', async () => {
  const uid = (await world.vm('tiny')).status.instance?.uid ?? '';
  const path = join(world.runtime, 'i', uid, 'con');
  renameSync(path, `${path}-away`);
  const refused = await refusal(world, instancePath('tiny', 'console'));
  renameSync(`${path}-away`, path);
  expect(refused).toMatchObject({ code: 409 });
  expect(refused.body.message).toContain('restart the VM');
});

test('a daemon that ends closes sessions with a reason; the next one lets viewers in again', async () => {
  using session = await dial(world, instancePath('linux', 'console?scrollback=0'));
  await world.endDaemon('SIGTERM');
  expect(await session.end()).toEqual({ code: 1012, reason: 'the daemon ends; the VM runs on' });
  await world.startDaemon();
  await world.untilStatus('linux', 'Running');
  using again = await dial(world, instancePath('linux', 'console?scrollback=0'));
  again.send('\necho still-$((40 + 2))\n');
  await again.said('still-42');
  await world.endDaemon('SIGKILL');
  expect((await again.end()).code).toBe(1006);
  await world.startDaemon();
  await world.untilStatus('linux', 'Running');
});

test('when the guest ends, viewers get the rest of what it says and a close with a reason', async () => {
  using session = await dial(world, instancePath('linux', 'console?scrollback=0'));
  session.send('\npoweroff\n');
  expect(await session.end()).toEqual({ code: 1000, reason: 'the VM has stopped' });
  expect(session.text).toContain('solovirt-guest: down');
});
