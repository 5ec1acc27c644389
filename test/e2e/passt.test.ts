/** VMs whose network is passt, in a network namespace that stands for the host, and in one that has no network. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NetNamespace, whyNoNetwork } from '../support/net-namespace.ts';
import { poll, World } from './daemon-harness.ts';
import { guestShell } from './guest-shell.ts';
import { tinyVm } from './manifests.ts';
import { untilEvent } from './waiting.ts';
import { processesOf } from './world-processes.ts';

const WHY_NOT =
  whyNoNetwork() ??
  (existsSync('/usr/bin/passt') ? undefined : 'passt is missing: apt-get install passt');

const NIC = '          interfaces: [{name: default, passtBinding: {}}]\n';
const POD = '      networks: [{name: default, pod: {}}]\n';
const EXAMPLE = new URL('../../vms/passt.yaml', import.meta.url);
const GREETING = 'out there';
const OUTSIDE = '192.0.2.9';

/** The one of Debian 12, which knows no version of its own; later ones do without a network. */
const ROUTED_ONLY =
  WHY_NOT === undefined && execaSync('passt', ['--version']).stdout.includes('unknown version');

let host: NetNamespace;
let outside: NetNamespace;
let world: World;
beforeAll(async () => {
  if (WHY_NOT !== undefined) return;
  host = await NetNamespace.make();
  outside = await NetNamespace.make();
  await host.connect(outside, '192.0.2.1/24', `${OUTSIDE}/24`);
  await outside.get('ip', 'address', 'add', '10.0.2.1/32', 'dev', 'lo');
  await host.get('ip', 'route', 'add', 'default', 'via', OUTSIDE);
  world = await World.start({ inside: (...command) => host.inside(...command) });
});
afterAll(async () => {
  if (WHY_NOT !== undefined) return;
  await world[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
  await outside[Symbol.asyncDispose]();
});

function tiny(name: string, annotations: Readonly<Record<string, string>> = {}): string {
  const vm = tinyVm(name, { strategy: 'Manual', devices: NIC, spec: POD, annotations });
  return vm.replace('          autoattachPodInterface: false\n', '');
}

/** A web server in there, from now on. */
async function serve(where: NetNamespace, address: string, port: number): Promise<AsyncDisposable> {
  const script = `require('node:http').createServer((_, answer) => answer.end('${GREETING}'))
    .listen(${port}, '${address}', () => console.log('up'))`;
  const [program, ...args] = where.inside(process.execPath, '-e', script);
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}

/** Of this instance. */
function keepers(uid: string): readonly number[] {
  return processesOf('beside', join(world.state, 'instances', uid));
}

function passtsOf(uid: string): readonly number[] {
  return keepers(uid).flatMap((pid) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}

async function uidOf(name: string): Promise<string> {
  return (await world.vm(name)).status.instance?.uid ?? '';
}

/** What is told of a VM that is not started. */
async function refusal(name: string, annotations: Readonly<Record<string, string>> = {}) {
  world.write(name, tiny(name, annotations));
  await world.untilStatus(name, 'Stopped');
  await world.command(name, 'start').catch(() => undefined);
  const { verdict } = await world.untilRuns(name, 1);
  return `${verdict.reason}: ${verdict.message}`;
}

describe.skipIf(WHY_NOT !== undefined)('a VM over passt', () => {
  test('has the addresses of user mode, reaches out, and is reached by its ports, whoever sees it', async () => {
    const example = readFileSync(EXAMPLE, 'utf8')
      .replace('name: behind-passt', 'name: web')
      .replace('8088:80', '192.0.2.1:8080:80, 127.0.0.1:81:80');
    world.write('web', example);
    await world.untilStatus('web', 'Stopped');
    await world.command('web', 'start');
    await world.untilStatus('web', 'Running');
    await world.untilConsole('web', 'eth0 has 10.0.2.2');
    using shell = await guestShell(world, 'web');
    expect(await shell.run('ip route')).toContain('default via 10.0.2.1');
    await using _ = await serve(outside, OUTSIDE, 8000);
    expect(await shell.run(`wget -q -O - http://${OUTSIDE}:8000/`)).toBe(GREETING);
    const page = await outside.get('curl', '-s', 'http://192.0.2.1:8080/');
    expect(page).toContain('solovirt');
    // What listens on the host's loopback alone is not at the gateway, which is an address like others.
    await using __ = await serve(outside, '10.0.2.1', 81);
    expect(await shell.run('wget -q -O - http://10.0.2.1:81/')).toBe(GREETING);
    await world.endDaemon('SIGKILL');
    expect(await host.get('curl', '-s', 'http://127.0.0.1:81/')).toBe(page);
    await world.startDaemon();
    await world.untilStatus('web', 'Running');
    expect(await outside.get('curl', '-s', 'http://192.0.2.1:8080/')).toBe(page);
    await world.command('web', 'stop', { gracePeriod: 0 });
    await world.untilStatus('web', 'Stopped');
  }, 180_000);

  test('runs on when passt is gone, which is told, and takes it along at its own end', async () => {
    world.write('lost', tiny('lost'));
    await world.untilStatus('lost', 'Stopped');
    await world.command('lost', 'start');
    await world.untilStatus('lost', 'Running');
    const uid = await uidOf('lost');
    const [passt = 0, ...more] = passtsOf(uid);
    expect(more).toEqual([]);
    process.kill(passt, 'SIGKILL');
    await untilEvent(world, 'lost', 'NetworkLost');
    expect((await world.vm('lost')).status.printableStatus).toBe('Running');
    await world.command('lost', 'restart');
    await world.untilRuns('lost', 1);
    await world.untilStatus('lost', 'Running');
    const next = await uidOf('lost');
    expect(passtsOf(next)).toHaveLength(1);
    await world.command('lost', 'stop');
    await world.untilStatus('lost', 'Stopped');
    await poll('nothing is left', () => keepers(uid).length + keepers(next).length === 0);
  });

  test.skipIf(!ROUTED_ONLY)(
    'is not started where the host has no network, and says so',
    async () => {
      await host.get('ip', 'route', 'delete', 'default');
      expect(await refusal('cut-off')).toContain('passt');
      await host.get('ip', 'route', 'add', 'default', 'via', OUTSIDE);
    },
  );

  test('is not started where it cannot have its port, and says which', async () => {
    const taker = await serve(host, '127.0.0.1', 8090);
    const told = await refusal('taken', { 'host-ports': '8090:80' });
    expect(told).toContain('127.0.0.1/8090:80');
    await taker[Symbol.asyncDispose]();
  });
});
