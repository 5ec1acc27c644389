/** The command line against a real daemon and real guests, as a user meets it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, tinyVm } from './manifests.ts';
import { cli, Follower, MAIN, runMain } from './run-main.ts';
import { bringUp } from './waiting.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
  world.write('typo', tinyVm('typo', { strategy: 'Always' }).replace('runStrategy', 'runStratgy'));
  writeFileSync(join(world.vms, 'no vm, at all.yaml'), '[]\n');
  world.write('missing', noImage('missing'));
  world.write('idle', tinyVm('idle', { strategy: 'Manual' }));
  const panics = { strategy: 'Once', guest: 'panic', devices: ISA_PANIC_DEVICE } as const;
  world.write('panics', tinyVm('panics', panics));
  await Promise.all([
    bringUp(world, 'web'),
    world.untilStatus('idle', 'Stopped'),
    world.untilRuns('panics', 1),
    world.untilStatus('missing', 'CrashLoopBackOff'),
  ]);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const run = (...args: readonly string[]) => cli(world, ...args);

function noImage(name: string): string {
  return tinyVm(name, { strategy: 'Always' }).replace('tiny:obey', 'no/such:image');
}

describe('list', () => {
  test('is a table of all VMs with what needs attention below it', async () => {
    const { code, stdout, stderr } = await run('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME +STATUS +STRATEGY +AGE +LAST-END\n/);
    expect(stdout).toMatch(/\nweb +Running +Always +\S+ +-\n/);
    expect(stdout).toMatch(/\nidle +Stopped +Manual +\S+ +-\n/);
    expect(stdout).toMatch(/\npanics +Stopped +Once +\S+ +panicked \S+ ago\n/);
    expect(stdout).toMatch(/\nmissing +CrashLoopBackOff +Always +\S+ +failed to launch .*next try/);
    expect(stdout).toMatch(/\ntypo +Invalid +- +\S+ +typo\.yaml:\d+:\d+: spec/);
    expect(stderr).toContain('typo: 2 problems in its file: solovirt describe typo\n');
    expect(stderr).toContain(`solovirt describe 'no vm, at all.yaml'\n`);
  });

  test('-o wide adds the process and the file', async () => {
    const { stdout } = await run('list', '-o', 'wide');
    const { pid } = (await world.vm('web')).status.instance ?? {};
    expect(stdout).toMatch(
      new RegExp(`\nweb +Running +Always +\\S+ +- +${pid} +0 +${world.vms}/web.yaml`),
    );
  });

  test('-o name, json and yaml are for programs: nothing but the data', async () => {
    const names = await run('list', '-o', 'name');
    expect(names.stdout.split('\n')).toEqual(expect.arrayContaining(['web', 'idle']));
    const json = await run('list', '-o', 'json');
    expect(JSON.parse(json.stdout).kind).toBe('VirtualMachineList');
    const yaml = await run('list', '-o', 'yaml');
    expect(yaml.stdout).toMatch(/^apiVersion: kubevirt.io\/v1\nkind: VirtualMachineList\n/);
    expect(names.stderr + json.stderr + yaml.stderr).toBe('');
  });

  test('of an empty namespace says where VMs are', async () => {
    const { code, stdout, stderr } = await run('list', '-n', 'prod');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^No virtual machines in namespace prod\.\nThere are \d+ in other/);
  });

  test('--watch goes on until Ctrl-C', async () => {
    await using watching = new Follower(world, 'list', '--watch');
    await watching.until('web');
    world.write('watched', tinyVm('watched', { strategy: 'Halted' }));
    await watching.until('watched');
    world.remove('watched');
    await watching.until('Deleted');
    expect(await watching.interrupt()).toBe(0);
  });

  test('into a pipe that is closed early is no error', () => {
    const command = `"${process.execPath}" "${MAIN}" list -o json --socket "${world.socket}" | head -1`;
    const { stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['{\n', '']);
  });
});

describe('describe', () => {
  test('of a running VM shows its instance and its events', async () => {
    const { code, stdout } = await run('describe', 'web');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Name: +web\n/);
    expect(stdout).toMatch(/\nStatus: +Running \(for \S+\)\n/);
    expect(stdout).toMatch(/\nInstance:\n {2}UID: +[0-9a-f-]{36}\n {2}PID: +\d+\n/);
    expect(stdout).toMatch(/\nEvents:\n {2}TIME .*\n[\s\S]* Registered .*\n[\s\S]* Started /);
    expect(stdout).not.toContain('Last failure');
  });

  test('of a failed VM shows the evidence', async () => {
    const { stdout } = await run('describe', 'panics');
    expect(stdout).toMatch(/\nStatus: +Stopped \(panicked \S+ ago; Once runs a single time\)\n/);
    expect(stdout).toMatch(/\nLast failure:\n {2}Run: .*\n {2}Verdict: +GuestPanicked: /);
    expect(stdout).toMatch(/\n {2}QEMU event: +GUEST_PANICKED /);
    expect(stdout).toMatch(/\n {2}Console:\n {4}UP\n/);
  });

  test('of an invalid VM shows every problem as file:line:column', async () => {
    const { stdout } = await run('describe', 'typo');
    expect(stdout).toMatch(/\nStatus: +Invalid \(its file has errors/);
    expect(stdout).toContain(`${world.vms}/typo.yaml:7:3: spec.runStratgy: unknown field`);
    expect(stdout).toContain('did you mean "runStrategy"?');
    expect(stdout).not.toContain('1970');
  });

  test('takes the name under which a file without a VM is listed', async () => {
    const { code, stdout } = await run('describe', 'no vm, at all.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain(`${world.vms}/no vm, at all.yaml:1:1: `);
  });

  test('of several goes on after one that does not exist', async () => {
    const { code, stdout, stderr } = await run('describe', 'webb', 'web', 'zzzzzzz');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Name: +web\n/);
    expect(stderr).toBe(
      'error: there is no VM webb in namespace default\nDid you mean web?\n' +
        'error: there is no VM zzzzzzz in namespace default\n`solovirt list -A` shows all VMs.\n',
    );
  });
});

describe('a life on the command line', () => {
  test('start, pause, unpause, reset, soft reboot, restart, stop', async () => {
    world.write('life', tinyVm('life', { strategy: 'Halted' }));
    await world.untilStatus('life', 'Stopped');
    const rehearsed = await run('start', 'life', '--dry-run');
    expect(rehearsed.stdout).toBe(
      'Dry run: VM life would be scheduled to start; its file would say runStrategy: Always\n',
    );
    expect(world.read('life')).toContain('runStrategy: Halted');

    const started = await run('start', 'life', '--wait');
    expect(started.stdout).toMatch(
      /^VM life was scheduled to start; its file now says runStrategy: Always\nlife is running after \d+\.\d s\n$/,
    );
    const again = await run('start', 'life');
    expect([again.code, again.stderr.split('\n')[0]]).toEqual([
      1,
      'error: life: VM is already running',
    ]);
    await world.untilConsole('life', 'UP');

    const uid = (await world.vm('life')).status.instance?.uid;
    expect((await run('pause', 'life')).stdout).toBe('VMI life was scheduled to pause\n');
    await world.untilStatus('life', 'Paused');
    expect((await run('unpause', 'life')).code).toBe(0);
    await world.untilStatus('life', 'Running');
    expect((await run('soft-reboot', 'life')).code).toBe(0);
    await world.until('life', 'was rebooted', (v) => (v?.status.instance?.resets ?? 0) > 0);
    expect((await run('reset', 'life')).code).toBe(0);
    expect((await world.vm('life')).status.instance?.uid).toBe(uid);

    const restarted = await run('restart', 'life', '--force', '--wait');
    expect(restarted.stdout).toMatch(/^VM life was scheduled to restart\nlife is running after /);
    expect((await world.vm('life')).status.instance?.uid).not.toBe(uid);
    await world.untilConsole('life', 'UP');
    const stopped = await run('stop', 'life', '--wait');
    expect(stopped.stdout).toMatch(
      /^VM life was scheduled to stop; its file now says runStrategy: Halted\nlife stopped: guest shut down on command after /,
    );
    expect((await run('stop', 'life')).stderr).toBe(
      'error: life: VM is not running\nNothing to do: it is Stopped.\n',
    );
    const events = await run('events', 'life');
    for (const reason of [
      'StartRequested',
      'Paused',
      'Unpaused',
      'SoftRebooted',
      'StoppedByCommand',
    ])
      expect(events.stdout).toContain(` ${reason} `);
  });

  test('stop with a grace period, and by force', async () => {
    await Promise.all([
      bringUp(world, 'deaf-1', { guest: 'ignore' }),
      bringUp(world, 'deaf-2', { guest: 'ignore' }),
    ]);
    const [graceful, forced] = await Promise.all([
      run('stop', 'deaf-1', '--grace-period', '1', '--wait'),
      run('stop', 'deaf-2', '--force', '--wait=20s'),
    ]);
    expect(graceful.stdout).toContain('stopped: ended by force after its grace period after');
    expect(forced.stdout).toContain('stopped: forced off after');
    expect([graceful.code, forced.code]).toEqual([0, 0]);
  });

  test('start --wait of a VM that cannot start says why', async () => {
    const { code, stderr } = await run('start', 'missing', '--wait');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: missing did not start: failed to launch\n {2}.*no\/such:image/);
    expect(stderr).toContain('See `solovirt describe missing`.');
  });

  test('start of a VM that never was valid leads to its problems', async () => {
    const { code, stderr } = await run('start', 'typo');
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: VM typo has never been valid: ${world.vms}/typo.yaml has problems\n` +
        '`solovirt describe typo` shows them.\n',
    );
  });
});

test('logs are what the guest said, and with -f what it says next', async () => {
  await bringUp(world, 'talks', { guest: 'ignore' });
  expect((await run('logs', 'talks')).stdout).toBe('UP\n');
  await using following = new Follower(world, 'logs', 'talks', '-f');
  await following.until('UP');
  await run('stop', 'talks');
  await following.until('IGNORED');
  expect(await following.interrupt()).toBe(0);
  const never = await run('logs', 'idle');
  expect([never.code, never.stderr]).toEqual([
    1,
    'error: VM idle has not run yet, so there are no logs\n`solovirt start idle` starts it.\n',
  ]);
});

test('info names the daemon, QEMU and the directories', async () => {
  const { code, stdout } = await run('info');
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`\nDaemon: +pid ${world.pid}, up \\S+`));
  expect(stdout).toMatch(/\nQEMU: +\/\S+ \(\d+\.\d+\.\d+\)\n/);
  expect(stdout).toMatch(/\nAccelerator: +tcg: /);
  expect(stdout).toMatch(new RegExp(`\nVM files: +${world.vms}\n`));
  expect(JSON.parse((await run('info', '-o', 'json')).stdout).pid).toBe(world.pid);
});

test('validate says what the daemon says, without one', async () => {
  const dir = mkdtempSync(join(world.dir, 'mine-'));
  writeFileSync(join(dir, 'typo.yaml'), world.read('typo'));
  writeFileSync(join(dir, 'good.yaml'), world.read('idle'));
  const found = await runMain(['validate', dir]);
  const [problem] = (await world.vm('typo')).status.problems ?? [];
  expect(found.code).toBe(1);
  expect(found.stdout).toContain(
    `${dir}/typo.yaml:${problem?.line}:${problem?.column}: ${problem?.path}: ${problem?.message}\n`,
  );
  rmSync(join(dir, 'typo.yaml'));
  expect(await runMain(['validate', dir])).toEqual({
    code: 0,
    stdout: '1 file, 1 valid VM: no problems\n',
    stderr: '',
  });
});

describe('exit codes', () => {
  test('3 when there is no daemon, with what to do', async () => {
    const socket = join(world.dir, 'nothing');
    const { code, stdout, stderr } = await runMain(['list', '--socket', socket]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain(`no solovirt daemon: there is no socket ${socket}`);
    expect(stderr).toContain('npm start');
  });

  test('3 when nobody listens on the socket any more', async () => {
    await using other = await World.start();
    await other.endDaemon('SIGKILL');
    const { code, stderr } = await cli(other, 'list');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error: no solovirt daemon: nobody/);
  });

  test.for([
    [['lst'], "unknown command 'lst'"],
    [['list', '--wid'], "unknown option '--wid'"],
    [['start'], "missing required argument 'name'"],
    [['list', '-o', 'xml'], 'Allowed choices are wide, json, yaml, name'],
    [['stop', 'web', '--grace-period', 'soon'], 'whole number of seconds'],
    [['start', 'a/b/c'], '"a/b/c" is no VM name'],
    [['stop', 'web', '--wait', '30s'], 'Write --wait=30s'],
  ] as const)('2 for %j', async ([args, words]) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
  });
});
