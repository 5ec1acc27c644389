import { chmod, chown, link, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { giveFile } from '../../src/qemu/give-files.ts';
import { areUsersMapped, GuestUsers } from '../../src/qemu/guest-users.ts';
import { SpawnError } from '../../src/qemu/spawn-error.ts';

/** Away from the default of qemuUids, whose users may run. */
const RANGE = { first: 69_900, last: 69_903 };
const IS_ROOT = process.geteuid?.() === 0;

interface Dir extends AsyncDisposable {
  readonly path: string;
}

async function temporary(): Promise<Dir> {
  const path = await mkdtemp(join(tmpdir(), 'users-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

const newUsers = (): GuestUsers => new GuestUsers({ range: RANGE, qemuGid: 4242 });

describe.runIf(IS_ROOT)('users of guests', () => {
  test('are given in turn, and again when they are all through and no directory has them any more', async () => {
    await using dir = await temporary();
    const take = async (id: number) => {
      await mkdir(join(dir.path, String(id)));
      await chown(join(dir.path, String(id)), 0, id);
    };
    await take(69_901);
    const users = newUsers();
    expect(users.free(dir.path)).toBe(69_900);
    await take(69_900);
    expect(users.free(dir.path)).toBe(69_902);
    await take(69_902);
    await rm(join(dir.path, '69901'), { recursive: true });
    expect(users.free(dir.path)).toBe(69_901);
    expect(users.of(join(dir.path, '69902'))).toMatchObject({ uid: 69_902, gid: 69_902 });
    expect(users.of(join(dir.path, '69902'))?.groups).toContain(4242);
    expect(users.of(dir.path)).toBeUndefined();
  });

  test('are not given while a process runs as one', async () => {
    await using dir = await temporary();
    const sleeper = execa('sleep', ['60'], { uid: 69_900, reject: false });
    try {
      expect(newUsers().free(dir.path)).toBe(69_901);
    } finally {
      sleeper.kill('SIGKILL');
      await sleeper;
    }
  });

  test('run out with a word about the setting', async () => {
    await using dir = await temporary();
    for (let id = RANGE.first; id <= RANGE.last; id += 1) {
      await mkdir(join(dir.path, String(id)));
      await chown(join(dir.path, String(id)), 0, id);
    }
    expect(() => newUsers().free(dir.path)).toThrow(SpawnError);
    expect(() => newUsers().free(dir.path)).toThrow('qemuUids');
  });
});

test.for([
  ['a whole host', '         0          0 4294967295\n', true],
  ['a container with the usual 65536', '         0     100000      65536\n', false],
  ['a second extent', '0 100000 1000\n69900 200000 4\n', true],
  ['an extent that ends too early', '0 100000 1000\n69900 200000 3\n', false],
  ['nothing', '', false],
] as const)('%s has these users: %s', ([, map, expected]) => {
  expect(areUsersMapped(RANGE, map)).toBe(expected);
});

describe.runIf(IS_ROOT)('a file for a guest', () => {
  async function fileOf(dir: Dir, owner: number, mode = 0o640): Promise<string> {
    const path = join(dir.path, 'disk.img');
    await writeFile(path, '');
    await chmod(path, mode);
    await chown(path, owner, 7);
    return path;
  }

  test.for([
    ['root’s', 0, 69_901],
    ['an earlier guest’s', 69_903, 69_901],
    ['somebody’s', 1000, 1000],
  ] as const)('that was %s', async ([, before, after]) => {
    await using dir = await temporary();
    const path = await fileOf(dir, before);
    await giveFile(path, 69_901, RANGE);
    expect(await stat(path)).toMatchObject({ uid: after, gid: 7, mode: 0o100640 });
  });

  test('can be read and written by its new owner', async () => {
    await using dir = await temporary();
    const path = await fileOf(dir, 0, 0o444);
    await giveFile(path, 69_901, RANGE);
    expect((await stat(path)).mode & 0o777).toBe(0o644);
  });

  test('is left alone when it has a second name, or is a link', async () => {
    await using dir = await temporary();
    const path = await fileOf(dir, 0);
    await link(path, join(dir.path, 'second'));
    await giveFile(path, 69_901, RANGE);
    await symlink(path, join(dir.path, 'link'));
    await giveFile(join(dir.path, 'link'), 69_901, RANGE);
    expect((await stat(path)).uid).toBe(0);
  });
});
