/** The real ssh, led by the daemon to a real ssh server in a guest. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newKey, publicKey } from '../support/ssh-key.ts';
import { agentVm, freePort } from './agent-guest.ts';
import { World } from './daemon-harness.ts';
import { MAIN } from './run-main.ts';

let world: World;
/** Private key, with which root may log in. */
let key: string;

beforeAll(async () => {
  world = await World.start();
  key = await newKey(join(world.dir, 'key'));
  const [, word = ''] = publicKey(key).split(' ');
  world.write('web', agentVm('web', await freePort(), `solovirt.ssh-key=${word}`));
  await world.untilStatus('web', 'Running');
  await world.untilConsole('web', 'eth0 has 10.0.2.2');
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** What ssh would find in the home of whoever runs the tests. */
function own(hosts: string): readonly string[] {
  return ['-F', 'none', '-o', `UserKnownHostsFile=${join(world.dir, hosts)}`];
}

interface Ran {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  return execa(program, args, {
    env: { SOLOVIRT_SOCKET: world.socket, SSH_AUTH_SOCK: '' },
    input,
    reject: false,
    timeout: 60_000,
    stripFinalNewline: false,
  });
}

function solovirtSsh(command: string, input?: string, flags = ['-i', key]): Promise<Ran> {
  const args = [MAIN, 'ssh', 'root@web', ...flags, '--', ...own('hosts'), command];
  return run(process.execPath, args, input);
}

test('solovirt ssh: a command in the guest, what it says, and its exit code', async () => {
  const said = await solovirtSsh('echo "$(hostname) $SSH_CONNECTION"; echo loud >&2; exit 7');
  expect([said.exitCode, said.stdout.split(' ')[0]]).toEqual([7, 'solovirt-guest']);
  expect(said.stderr).toContain("Permanently added 'vm.web.default'");
  expect(said.stderr).toContain('loud\n');
});

test('much goes through, both ways', async () => {
  const text = randomBytes(1_000_000).toString('hex');
  const { exitCode, stdout } = await solovirtSsh('cat', text);
  expect(exitCode).toBe(0);
  expect(stdout === text).toBe(true);
});

test('a key that the guest does not know', async () => {
  const other = await newKey(join(world.dir, 'other'));
  const { exitCode, stderr } = await solovirtSsh('true', '', ['-i', other]);
  expect([exitCode, stderr]).toEqual([255, expect.stringContaining('Permission denied')]);
});

test('port-forward --stdio is a ProxyCommand', async () => {
  const proxy = `${process.execPath} ${MAIN} port-forward web --stdio 22`;
  const options = [...own('hosts-proxy'), '-o', 'StrictHostKeyChecking=accept-new', '-i', key];
  const { exitCode, stdout } = await run('ssh', [
    ...options,
    ...['-o', `ProxyCommand=${proxy}`, 'root@any-name', 'uname -n'],
  ]);
  expect([exitCode, stdout]).toEqual([0, 'solovirt-guest\n']);
});

test('the key of another guest under the name of this one is refused', async () => {
  await world.command('web', 'restart', { gracePeriodSeconds: 0 });
  await world.untilRuns('web', 1);
  await world.untilStatus('web', 'Running');
  await world.untilConsole('web', 'eth0 has 10.0.2.2');
  // It has no disk to keep its host key on.
  const { exitCode, stderr } = await solovirtSsh('true');
  expect([exitCode, stderr]).toEqual([
    255,
    expect.stringContaining('REMOTE HOST IDENTIFICATION HAS CHANGED'),
  ]);
});
