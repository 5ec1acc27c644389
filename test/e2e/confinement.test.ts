/** Each guest's QEMU can open what is its own and nothing else: asked of real QEMUs, as a guest that broke out would. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { errorMessage } from '../../src/core/thrown.ts';
import { readProcessFile } from '../../src/qemu/process-identity.ts';
import { programFile } from '../../src/qemu/program-files.ts';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { TINY_UP, tinyImage } from '../support/guests.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';

const LANDLOCK = Number(execaSync(programFile('confine'), ['--abi']).stdout);
const IS_ROOT = process.geteuid?.() === 0;
const OWN_USERS = { first: 70_000, last: 79_999 };
const STRANGER = 69_995;

interface Guest {
  readonly paths: InstancePaths;
  readonly pid: number;
}

async function guest(world: World, name: string, spec = ''): Promise<Guest> {
  world.write(name, withDisk(name, spec));
  const vm = await world.untilStatus(name, 'Running');
  const paths = instancePaths(world.state, world.runtime, vm.status.instance?.uid ?? '');
  const pid = readProcessFile(paths.process)?.identity.pid;
  if (pid === undefined) throw new Error(`${name} has no process`);
  return { paths, pid };
}

function withDisk(name: string, spec: string): string {
  const text = tinyVm(name, { strategy: 'Manual' }).replace('Manual', 'Always');
  if (spec === '') return text;
  return `${text.replace('      volumes:', '            - name: data\n              disk: {bus: virtio}\n      volumes:')}        - name: data\n          ${spec}\n`;
}

/** What QEMU says to opening a file, as its monitor may ask of it. */
async function opening(paths: InstancePaths, filename: string): Promise<string> {
  await using qmp = await QmpClient.connect(paths.controlSocket, {
    onEvent: () => {},
    onClose: () => {},
  });
  const node = { driver: 'file', 'node-name': 'probe', 'read-only': true, filename };
  try {
    await qmp.execute('blockdev-add', node);
    await qmp.execute('blockdev-del', { 'node-name': 'probe' });
    return 'opened';
  } catch (error) {
    return errorMessage(error);
  }
}

function userOf(pid: number): number {
  const [, uid] = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(uid);
}

describe.skipIf(LANDLOCK === 0)('files, by Landlock', () => {
  test.for(
    IS_ROOT
      ? [
          ['a daemon that is root', undefined, ''],
          ['a daemon that is root and keeps its guests so', undefined, 'qemuUser: daemon\n'],
          ['a daemon that is not root', STRANGER, ''],
        ]
      : [['this user’s daemon', undefined, '']],
  )('the guests of %s open their own and no others', async ([, user, config]) => {
    await using world = await World.start({
      ...(typeof user === 'number' ? { user } : {}),
      config: String(config),
    });
    const [a, b] = await Promise.all([guest(world, 'a'), guest(world, 'b')]);
    expect(await opening(a.paths, tinyImage('obey'))).toBe('opened');
    const foreign = [
      join(b.paths.dir, 'root.qcow2'),
      b.paths.console,
      join(a.paths.dir, 'instance.json'),
      tinyImage('ignore'),
      world.file('a'),
      join(world.state, 'state.db'),
      '/etc/shadow',
      '/root/.profile',
    ];
    for (const file of foreign)
      expect(await opening(a.paths, file), file).toContain('Permission denied');
  });
});

describe.runIf(IS_ROOT)('users', () => {
  test('each guest has its own, which gets at nothing of its neighbour', async () => {
    await using world = await World.start({ config: 'qemuUser: own\n' });
    const [a, b] = await Promise.all([guest(world, 'a'), guest(world, 'b')]);
    const [user, neighbour] = [userOf(a.pid), userOf(b.pid)];
    expect(user).not.toBe(neighbour);
    for (const uid of [user, neighbour]) {
      expect(uid).toBeGreaterThanOrEqual(OWN_USERS.first);
      expect(uid).toBeLessThanOrEqual(OWN_USERS.last);
    }
    const as = (script: string) =>
      execa(
        'setpriv',
        [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', 'sh', '-c', script],
        {
          reject: false,
        },
      );
    expect(await as(`test -w ${a.paths.console} && test -S ${a.paths.qmpSocket}`)).toMatchObject({
      exitCode: 0,
    });
    for (const script of [
      `kill -0 ${b.pid}`,
      `cat ${b.paths.console}`,
      `ls ${b.paths.runtimeDir}`,
      `test -S ${b.paths.qmpSocket}`,
      `cat ${join(b.paths.dir, 'root.qcow2')}`,
      `ls ${join(world.state, 'instances')}`,
      `ls ${a.paths.dir}`,
      `cat ${join(a.paths.dir, 'instance.json')}`,
      `rm -f ${a.paths.events}`,
      `ln -s /etc/shadow ${a.paths.dir}/link`,
      `cat ${world.state}/state.db`,
    ])
      expect(await as(script), script).toMatchObject({ failed: true });
  });

  test('a disk that root made, or an earlier guest wrote, is handed to the next guest', async () => {
    await using world = await World.start({ config: 'qemuUser: own\n' });
    const disk = join(world.dir, 'data.img');
    copyFileSync(tinyImage('off'), disk);
    chmodSync(disk, 0o600);
    const hostDisk = `hostDisk: {type: Disk, path: ${disk}}`;
    const first = await guest(world, 'a', hostDisk);
    const earlier = userOf(first.pid);
    expect(statSync(disk).uid).toBe(earlier);
    await world.untilConsole('a', TINY_UP);
    await world.command('a', 'restart');
    await world.untilRuns('a', 1);
    await world.untilStatus('a', 'Running');
    expect(statSync(disk).uid).not.toBe(earlier);
    expect(statSync(disk).mode & 0o777).toBe(0o600);
  });

  test('a file that the guest’s user cannot reach: root then, with a warning that says why', async () => {
    await using world = await World.start();
    const { hidden, hostDisk } = hiddenDisk(world);
    const { pid } = await guest(world, 'a', hostDisk);
    expect(userOf(pid)).toBe(0);
    const { body } = await world.api('GET', '/apis/solovirt.io/v1/info');
    expect(JSON.stringify(body)).toContain(`cannot enter ${hidden} (mode 0700, owner 0:0)`);
  });

  test('or no start at all, where every guest is to have a user of its own', async () => {
    await using world = await World.start({ config: 'qemuUser: own\n' });
    const { hidden, hostDisk } = hiddenDisk(world);
    world.write('a', withDisk('a', hostDisk));
    const run = await world.untilRuns('a', 1);
    expect(run.verdict.reason).toBe('LaunchFailed');
    expect(run.verdict.message).toContain(`cannot enter ${hidden} (mode 0700, owner 0:0)`);
    expect(run.verdict.message).toContain('solovirt-qemu');
  });
});

test.runIf(IS_ROOT)(
  'what solovirt makes is closed to others, and a guest’s only as far as it needs',
  async () => {
    await using world = await World.start({ config: 'qemuUser: own\n' });
    const { paths, pid } = await guest(world, 'a');
    const user = userOf(pid);
    const facts = (path: string) => {
      const { mode, uid, gid } = statSync(path);
      return `${(mode & 0o7777).toString(8)} ${uid === user ? 'guest' : uid}:${gid === user ? 'guest' : gid}`;
    };
    expect(facts(join(world.state, 'state.db'))).toBe('600 0:0');
    expect(facts(join(world.state, 'lock.db'))).toBe('600 0:0');
    expect(facts(join(world.state, 'instances'))).toBe('701 0:0');
    expect(facts(paths.dir)).toBe('710 0:guest');
    expect(facts(paths.description)).toBe('600 0:0');
    expect(facts(paths.process)).toBe('600 0:0');
    expect(facts(paths.stderr)).toBe('600 0:0');
    for (const file of [paths.console, paths.events, join(paths.dir, 'root.qcow2')])
      expect(facts(file), file).toBe('600 guest:0');
    expect(facts(paths.runtimeDir)).toBe('700 guest:guest');
    expect(statSync(world.socket).mode & 0o777).toBe(0o660);
  },
);

describe('where disks may lie', () => {
  test.for([
    ['away from every root', '/etc/hostname', '/etc/hostname is away from the image directory'],
    ['behind a link that leads away', 'link', 'leads to /etc/hostname'],
  ] as const)('a disk %s is refused by name', async ([, path, words]) => {
    await using world = await World.start();
    symlinkSync('/etc/hostname', join(world.dir, 'link'));
    const given = path === 'link' ? join(world.dir, 'link') : path;
    world.write('a', withDisk('a', `hostDisk: {type: Disk, path: ${given}}`));
    const run = await world.untilRuns('a', 1);
    expect(run.verdict.reason).toBe('LaunchFailed');
    expect(run.verdict.message).toContain('disk data');
    expect(run.verdict.message).toContain(words);
    expect(run.verdict.message).toContain('diskRoots');
  });
});

function hiddenDisk(world: World): { hidden: string; hostDisk: string } {
  const hidden = join(world.dir, 'hidden');
  mkdirSync(hidden, { mode: 0o700 });
  const disk = join(hidden, 'data.img');
  copyFileSync(tinyImage('off'), disk);
  return { hidden, hostDisk: `hostDisk: {type: Disk, path: ${disk}}` };
}
