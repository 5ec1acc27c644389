/** The wrapper `confine` against the real kernel. What needs Landlock or root says so. */
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../src/qemu/program-files.ts';

const CONFINE = programFile('confine');
const LANDLOCK = Number(execaSync(CONFINE, ['--abi']).stdout);
const IS_ROOT = process.geteuid?.() === 0;
/** Nobody's, outside the default of qemuUids. */
const USER = 69_990;

interface Ground extends AsyncDisposable {
  readonly dir: string;
  readonly mine: string;
  readonly other: string;
}

async function ground(): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), 'confine-'));
  await chmod(dir, 0o755);
  const [mine, other] = [join(dir, 'mine'), join(dir, 'other')];
  for (const file of [mine, other]) {
    await writeFile(file, 'content\n');
    await chmod(file, 0o666);
  }
  return { dir, mine, other, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}

function confined(options: readonly string[], ...command: readonly string[]) {
  return execa(CONFINE, [...options, '--', ...command], { reject: false, stdin: 'ignore' });
}

function shell(options: readonly string[], script: string) {
  return confined(options, '/bin/sh', '-c', script);
}

const AS_USER = ['--uid', String(USER), '--gid', String(USER)];

describe('the program', () => {
  test('is what runs in the end: same process, its exit code', async () => {
    const { stdout, exitCode } = await shell([], 'echo $$; exit 7');
    expect(exitCode).toBe(7);
    const child = execa(CONFINE, ['--', '/bin/sh', '-c', 'echo $$']);
    expect((await child).stdout).toBe(String(child.pid));
    expect(stdout).toMatch(/^\d+$/);
  });

  test('gets its arguments as they are', async () => {
    const { stdout } = await confined([], '/bin/echo', '--read', '--', 'ü $x', '');
    expect(stdout).toBe('--read -- ü $x ');
  });

  test.for([
    ['is missing', '/nowhere/qemu', 127, 'cannot execute /nowhere/qemu: No such file or directory'],
    ['is no program', '/etc/passwd', 126, 'cannot execute /etc/passwd: Permission denied'],
  ] as const)('that %s is told as a shell tells it', async ([, program, code, words]) => {
    const { exitCode, stderr } = await confined([], program);
    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: `confine: ${words}` });
  });

  test('cannot gain privileges, and has no capability beyond the one for files', async () => {
    const { stdout } = await shell([], 'cat /proc/self/status');
    expect(stdout).toMatch(/^NoNewPrivs:\t1$/m);
    const [, effective = ''] = /^CapEff:\t([0-9a-f]+)$/m.exec(stdout) ?? [];
    expect(BigInt(`0x${effective}`) & ~0b10n).toBe(0n);
  });
});

describe('bad use', () => {
  test.for([
    [['--frob', '--', '/bin/true'], 'unknown option --frob'],
    [['--read'], '--read needs a value'],
    [['--'], 'no program is given'],
    [['--uid', '5', '--', '/bin/true'], '--uid and --gid go together'],
    [['--uid', 'root', '--gid', '0', '--', '/bin/true'], 'not a number: root'],
    [
      ['--read', '/nowhere/x', '--', '/bin/true'],
      'cannot open /nowhere/x: No such file or directory',
    ],
  ] as const)('%s', async ([args, words]) => {
    const { exitCode, stderr } = await execa(CONFINE, args, { reject: false });
    expect({ exitCode, stderr }).toEqual({ exitCode: 125, stderr: `confine: ${words}` });
  });
});

describe.skipIf(LANDLOCK === 0)('files, by Landlock', () => {
  test('--read lets a file be read and not written', async () => {
    await using g = await ground();
    const read = await shell(['--read', g.mine], `cat ${g.mine}`);
    expect(read.stdout).toBe('content');
    const write = await shell(['--read', g.mine], `echo > ${g.mine}`);
    expect(write.stderr).toContain('Permission denied');
  });

  test('--reserve takes room in a file, which stays as it is', async () => {
    await using files = await ground();
    const { exitCode } = await shell(['--reserve', `65536:${files.mine}`], 'true');
    expect(exitCode).toBe(0);
    const { size, blocks } = await stat(files.mine);
    expect(size).toBe('content\n'.length);
    expect(blocks * 512).toBeGreaterThanOrEqual(65_536);
  });

  test('--write lets a file be written, and not be replaced or removed', async () => {
    await using g = await ground();
    const options = ['--write', g.mine];
    expect((await shell(options, `echo new > ${g.mine}; cat ${g.mine}`)).stdout).toBe('new');
    for (const script of [`rm ${g.mine}`, `mv ${g.mine} ${g.dir}/x`, `ln ${g.mine} ${g.dir}/y`])
      expect(await shell(options, script)).toMatchObject({ failed: true });
  });

  test('a neighbour in the same directory is out of reach', async () => {
    await using g = await ground();
    for (const script of [`cat ${g.other}`, `echo > ${g.other}`, `ls ${g.dir}`]) {
      const { stderr, failed } = await shell(['--write', g.mine], script);
      expect(failed).toBe(true);
      expect(stderr).toContain('Permission denied');
    }
  });

  test('--write-dir takes files, and nothing that would lead others astray', async () => {
    await using g = await ground();
    const dir = join(g.dir, 'sockets');
    await mkdir(dir);
    const inside = (script: string) => shell(['--write-dir', dir], `cd ${dir} && ${script}`);
    expect(await inside('echo a > f && cat f && rm f')).toMatchObject({ stdout: 'a' });
    for (const script of ['ln -s /etc/shadow l', 'mkfifo p', 'mkdir d', 'mknod n c 1 3'])
      expect(await inside(script), script).toMatchObject({ failed: true });
    expect(await inside(`ln ${g.other} h`)).toMatchObject({ failed: true });
  });

  test('a granted link is a grant for what it leads to when it is granted', async () => {
    await using g = await ground();
    const link = join(g.dir, 'link');
    await symlink(g.mine, link);
    expect((await shell(['--read', link], `cat ${link}`)).stdout).toBe('content');
    expect(await shell(['--read', link], `cat ${g.other}`)).toMatchObject({ failed: true });
  });

  test('what all may read of the system stays readable, and nothing of it writable', async () => {
    const { stdout } = await shell(
      [],
      'cat /etc/nsswitch.conf /etc/resolv.conf /dev/null || exit 1; head -c1 /dev/urandom | wc -c',
    );
    expect(stdout).toContain('hosts:');
    for (const path of [
      '/tmp/x',
      '/usr/x',
      '/etc/x',
      '/dev/shm/x',
      '/var/tmp/x',
      '/proc/self/oom_score_adj',
    ])
      expect(await shell([], `echo 0 > ${path}`), path).toMatchObject({ failed: true });
  });

  test('homes, other programs’ state and the secrets of /etc are out of reach, for root too', async () => {
    for (const dir of ['/root', '/home', '/var/lib', '/run', '/tmp', '/srv', '/boot'])
      expect(await shell([], `ls ${dir}`), dir).toMatchObject({ failed: true });
    expect(await shell([], 'cat /etc/shadow')).toMatchObject({ failed: true });
  });

  test.skipIf(LANDLOCK < 6)('no process outside can be signalled, not even by root', async () => {
    await using outside = sleeper();
    const { stderr } = await shell([], `kill -0 ${outside.pid}`);
    expect(stderr).toMatch(/not permitted/i);
  });
});

describe.runIf(IS_ROOT)('another user', () => {
  test('is the only one that is left: no other group, no way back, no capability', async () => {
    const { stdout } = await shell(AS_USER, 'cat /proc/self/status');
    expect(stdout).toMatch(new RegExp(`^Uid:\\t${[USER, USER, USER, USER].join('\t')}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^Gid:\\t${[USER, USER, USER, USER].join('\t')}$`, 'm'));
    expect(stdout).toMatch(/^Groups:\t ?$/m);
    expect(stdout).toMatch(/^CapPrm:\t0+$/m);
    expect(stdout).toMatch(/^CapBnd:\t0+$/m);
  });

  test('with exactly the groups that are named', async () => {
    const { stdout } = await shell(
      [...AS_USER, '--groups', '69991,69992'],
      'cat /proc/self/status',
    );
    expect(stdout).toMatch(/^Groups:\t69991 69992 ?$/m);
  });

  test('may listen on low ports if that is asked for, and then do nothing else', async () => {
    const { stdout } = await shell([...AS_USER, '--low-ports'], 'cat /proc/self/status');
    // CAP_NET_BIND_SERVICE is 10.
    for (const set of ['CapPrm', 'CapEff', 'CapAmb', 'CapBnd'])
      expect(stdout).toMatch(new RegExp(`^${set}:\\t0+400$`, 'm'));
    const listen =
      'use Socket; socket(S,PF_INET,SOCK_STREAM,0); bind(S,sockaddr_in(607,INADDR_LOOPBACK)) or die $!';
    expect((await confined(AS_USER, 'perl', '-e', listen)).failed).toBe(true);
    const allowed = await confined([...AS_USER, '--low-ports'], 'perl', '-e', listen);
    expect(allowed).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('cannot signal a process of a third one', async () => {
    await using outside = sleeper(USER + 1);
    const { stderr } = await shell(AS_USER, `kill -0 ${outside.pid}`);
    expect(stderr).toMatch(/not permitted/i);
  });

  test('is held to what it may do, whatever is granted', async () => {
    await using g = await ground();
    await chmod(g.mine, 0o600);
    const { stderr } = await shell([...AS_USER, '--read', g.mine], `cat ${g.mine}`);
    expect(stderr).toContain('Permission denied');
  });
});

describe.runIf(IS_ROOT)('--check', () => {
  const check = (...args: readonly string[]) =>
    execa(CONFINE, ['--check', ...AS_USER, ...args], { reject: false });

  test('is silent about what can be used', async () => {
    await using g = await ground();
    const needed = ['--read', g.other, '--write', g.mine, '--', '/bin/true'];
    const { exitCode, stdout } = await check(...needed);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  });

  test('names each path that cannot be, as deep as it lies', async () => {
    await using g = await ground();
    await chmod(g.mine, 0o644);
    const closed = join(g.dir, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await writeFile(join(closed, 'f'), '');
    const own = join(g.dir, 'own');
    await mkdir(own, { mode: 0o700 });
    await chown(own, USER, USER);
    const program = join(closed, 'qemu');
    const args = [
      '--read',
      join(closed, 'f'),
      '--write',
      g.mine,
      '--write-dir',
      own,
      '--',
      program,
    ];
    const { exitCode, stdout } = await check(...args);
    expect(exitCode).toBe(1);
    expect(stdout.split('\0')).toEqual([program, join(closed, 'f'), g.mine, '']);
  });
});

describe.runIf(IS_ROOT)('a caller that is no root itself', () => {
  const asUser = (args: readonly string[]) =>
    execa('setpriv', [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', CONFINE, ...args], {
      reject: false,
    });

  test('stays who it is, confined all the same', async () => {
    await using g = await ground();
    const script = `id -u; cat ${g.mine}; cat ${g.other}`;
    const { stdout, stderr } = await asUser(['--read', g.mine, '--', '/bin/sh', '-c', script]);
    expect(stdout).toBe(`${USER}\ncontent`);
    if (LANDLOCK > 0) expect(stderr).toContain('Permission denied');
  });

  test('cannot become another, and is told so before anything runs', async () => {
    const { exitCode, stderr } = await asUser(['--uid', '0', '--gid', '0', '--', '/bin/id']);
    expect(exitCode).toBe(125);
    expect(stderr).toContain('Operation not permitted');
  });
});

describe('--write-tree', () => {
  test.runIf(LANDLOCK > 1)('lets everything but devices be made, moved and removed', async () => {
    await using g = await ground();
    const tree = join(g.dir, 'tree');
    await mkdir(tree);
    const { stdout, stderr } = await shell(
      ['--write-tree', tree],
      `cd ${tree} && mkdir a b && echo x >a/f && ln -s f a/l && mkfifo a/p && mv a/f b/g && cat b/g && rm -r a && ls
       mknod c c 1 3; cat ${g.other}; echo x >${g.mine}`,
    );
    expect(stdout).toBe('x\nb');
    expect(stderr.match(/Permission denied|not permitted/g)).toHaveLength(3);
  });
});

/** With a group besides, which nobody can give up in a user namespace. */
describe.runIf(IS_ROOT)('an identity', () => {
  const with4 = [...AS_USER, '--groups', '4'];

  test('that is root to itself owns what is its own, and believes to have no other group', async () => {
    await using g = await ground();
    await chown(g.mine, USER, USER);
    const { stdout } = await confined(
      [...with4, '--root-to-itself', '--read', g.dir],
      ...['setpriv', '--clear-groups', 'stat', '-c', '%u', g.mine, g.other],
    );
    expect(stdout).toBe('0\n65534');
  });

  test('is told in arguments, but not in paths', async () => {
    const { stdout } = await confined(
      [...with4, '--tell-ids'],
      ...['/bin/echo', 'host:{uid}:0:1', '{gid}', '/{uid}'],
    );
    expect(stdout).toBe(`host:${USER}:0:1 ${USER} /{uid}`);
  });
});

interface Sleeper extends AsyncDisposable {
  readonly pid: number;
}

function sleeper(uid?: number): Sleeper {
  const child = execa('sleep', ['60'], { reject: false, ...(uid === undefined ? {} : { uid }) });
  const { pid } = child;
  if (pid === undefined) throw new Error('sleep was not started');
  return {
    pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child;
    },
  };
}
