import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { InstancePaths } from '../../src/core/paths.ts';
import { waitForExitFile } from '../../src/qemu/exit-file.ts';
import { prepareInstanceDirs } from '../../src/qemu/instance-dirs.ts';
import { signalProcess } from '../../src/qemu/kill-tree.ts';
import { Parents } from '../../src/qemu/parents.ts';
import {
  isAlive,
  parseStat,
  readIdentity,
  readProcessFile,
} from '../../src/qemu/process-identity.ts';
import { programFile } from '../../src/qemu/program-files.ts';
import { spawnQemu } from '../../src/qemu/spawn.ts';
import { SpawnError } from '../../src/qemu/spawn-error.ts';
import { type InstanceDir, instanceDir } from '../support/instance-dir.ts';
import { until } from './host/support.ts';

const DEADLINE_MS = 30_000;

/** A shell script in QEMU's place. */
function spawnScript(paths: InstancePaths, script: string, ...args: readonly string[]) {
  return spawnQemu({ paths, qemuPath: '/bin/sh', args: ['-c', script, 'qemu', ...args] });
}

/** What a process has open, without what this test process itself got handed down from above. */
function openFiles(pid: number): string[] {
  const handedDown = descriptors(process.pid).filter(({ fd }) => {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    const closesOnExec =
      (Number.parseInt(/flags:\s+(\d+)/.exec(info)?.[1] ?? '0', 8) & 0o2000000) !== 0;
    return Number(fd) > 2 && !closesOnExec;
  });
  return descriptors(pid)
    .filter(({ fd, file }) => !handedDown.some((one) => one.fd === fd && one.file === file))
    .map(({ file }) => file);
}

function descriptors(pid: number): { fd: string; file: string }[] {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).flatMap((fd) => {
    try {
      return [{ fd, file: readlinkSync(`${dir}/${fd}`) }];
    } catch {
      // The one that listed the directory.
      return [];
    }
  });
}

test.for([
  ['exit 0', { kind: 'exited', code: 0 }],
  ['exit 1', { kind: 'exited', code: 1 }],
  ['kill -TERM $$', { kind: 'signaled', signal: 15 }],
  ['kill -KILL $$', { kind: 'signaled', signal: 9 }],
  ['kill -SYS $$', { kind: 'signaled', signal: 31 }],
  ['exit 193', { kind: 'exited', code: 193 }],
  ['exit 255', { kind: 'exited', code: 255 }],
] as const)('the wait status of %j is kept', async ([script, expected]) => {
  await using dir = await instanceDir();
  const identity = await spawnScript(dir.paths, script);
  expect(await waitForExitFile(dir.paths, identity, DEADLINE_MS)).toEqual(expected);
  expect(isAlive(identity)).toBe(false);
});

test('the process file names the very process that runs, and its keeper', async () => {
  await using dir = await instanceDir();
  const identity = await spawnScript(dir.paths, 'exec sleep 60');
  expect(readIdentity(identity.pid)).toEqual(identity);
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, startTime: identity.startTime + 1 })).toBe(false);
  expect(isAlive({ ...identity, bootId: identity.bootId.replace(/^./, 'x') })).toBe(false);
  const stat = parseStat(await readFile(`/proc/${identity.pid}/stat`, 'utf8'));
  expect(readProcessFile(dir.paths.process)).toEqual({ identity, keeperPid: stat?.parent });
});

test('a program that cannot be executed is an exit with a reason', async () => {
  for (const [qemuPath, code, words] of [
    ['/nonexistent/qemu', 127, 'No such file or directory'],
    ['/etc/passwd', 126, 'ermission denied'],
  ] as const) {
    await using dir = await instanceDir();
    const identity = await spawnQemu({ paths: dir.paths, qemuPath, args: [] });
    expect(await waitForExitFile(dir.paths, identity, DEADLINE_MS)).toEqual({
      kind: 'exited',
      code,
    });
    expect(await readFile(dir.paths.stderr, 'utf8')).toContain(words);
  }
});

test('arguments arrive as they are', async () => {
  await using dir = await instanceDir();
  const args = ['a b', '', '$(id)', '`id`', "'", '"', '\\', 'x\ny', '*', '-n', 'id=a,b', 'ü'];
  const identity = await spawnScript(dir.paths, 'printf "%s\\0" "$@"', ...args);
  await waitForExitFile(dir.paths, identity, DEADLINE_MS);
  expect(await readFile(dir.paths.stderr, 'utf8')).toBe(`${args.join('\0')}\0`);
});

test('QEMU gets default signals, an own session, no descriptors and a clean environment', async () => {
  await using dir = await instanceDir();
  const identity = await spawnScript(dir.paths, 'umask; exec sleep 60');
  const proc = `/proc/${identity.pid}`;
  // Its identity is there before it is executed, and it reads its locale before it sleeps.
  await until('it sleeps', () => readFileSync(`${proc}/stat`, 'latin1').includes(' (sleep) S '));
  const status = await readFile(`${proc}/status`, 'utf8');
  const masks = Object.fromEntries(
    [...status.matchAll(/^(Sig(?:Blk|Ign)):\s+(\w+)$/gm)].map(([, name, bits]) => [name, bits]),
  );
  expect(masks).toEqual({ SigBlk: '0'.repeat(16), SigIgn: '0'.repeat(16) });
  const stat = (await readFile(`${proc}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  const keeper = String(readProcessFile(dir.paths.process)?.keeperPid);
  expect(stat.slice(1, 4)).toEqual([keeper, keeper, keeper]);
  expect(openFiles(identity.pid)).toEqual(['/dev/null', dir.paths.stderr, dir.paths.stderr]);
  const environment = (await readFile(`${proc}/environ`, 'utf8')).split('\0').filter(Boolean);
  expect(environment.map((entry) => entry.split('=')[0]).sort()).toEqual(['LANG', 'PATH', 'PWD']);
  expect(await readFile(dir.paths.stderr, 'utf8')).toMatch(/^0*077\n$/);
  expect(readlinkSync(`${proc}/cwd`)).toBe('/');
  expect(openFiles(Number(keeper))).toEqual(['/dev/null', '/dev/null', '/dev/null']);
  expect(statSync(dir.paths.process).mode & 0o777).toBe(0o600);
});

test.for(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
  '%s to the parent leaves it and QEMU alone',
  async (signal) => {
    await using dir = await instanceDir();
    const identity = await spawnScript(dir.paths, 'exec sleep 60');
    const keeper = readIdentity(readProcessFile(dir.paths.process)?.keeperPid ?? 0);
    if (keeper === undefined) throw new Error('the parent is gone');
    signalProcess(keeper, signal);
    // Ends QEMU alone; a parent that had died of the signal could not tell.
    signalProcess(identity, 'SIGUSR1');
    expect(await waitForExitFile(dir.paths, identity, DEADLINE_MS)).toEqual({
      kind: 'signaled',
      signal: 10,
    });
  },
);

test('a signal to the whole group ends QEMU, and the parent still tells', async () => {
  await using dir = await instanceDir();
  const identity = await spawnScript(dir.paths, 'exec sleep 60');
  process.kill(-(readProcessFile(dir.paths.process)?.keeperPid ?? 0), 'SIGTERM');
  expect(await waitForExitFile(dir.paths, identity, DEADLINE_MS)).toEqual({
    kind: 'signaled',
    signal: 15,
  });
});

test('without its parent the wait for a wait status ends as soon as QEMU does', async () => {
  await using dir = await instanceDir();
  const identity = await spawnScript(dir.paths, 'exec sleep 60');
  const keeper = readIdentity(readProcessFile(dir.paths.process)?.keeperPid ?? 0);
  if (keeper === undefined) throw new Error('the parent is gone');
  signalProcess(keeper, 'SIGKILL');
  const wait = waitForExitFile(dir.paths, identity, 2 ** 31 - 1);
  signalProcess(identity, 'SIGKILL');
  expect(await wait).toBeUndefined();
});

test('the wait for a wait status ends at its deadline while QEMU runs', async () => {
  await using dir = await instanceDir();
  const identity = await spawnScript(dir.paths, 'exec sleep 60');
  expect(await waitForExitFile(dir.paths, identity, 20)).toBeUndefined();
  expect(isAlive(identity)).toBe(true);
});

test('SIGKILL of the daemon touches neither parent nor QEMU, and they do not keep the daemon running', async () => {
  await using killed = await instanceDir();
  await using left = await instanceDir();
  const program = (paths: InstancePaths, then: string): string => `
    import { spawnQemu } from ${JSON.stringify(new URL('../../src/qemu/spawn.ts', import.meta.url).href)};
    const paths = ${JSON.stringify(paths)};
    await spawnQemu({ paths, qemuPath: '/bin/sh', args: ['-c', 'exec sleep 60'] });
    ${then}`;
  const run = (paths: InstancePaths, then: string) =>
    execa(process.execPath, ['--input-type=module', '--eval', program(paths, then)], {
      reject: false,
      timeout: DEADLINE_MS,
    });
  expect(await run(killed.paths, "process.kill(process.pid, 'SIGKILL');")).toMatchObject({
    signal: 'SIGKILL',
    timedOut: false,
  });
  expect(await run(left.paths, '')).toMatchObject({ exitCode: 0, timedOut: false });
  for (const { paths } of [killed, left]) {
    const file = readProcessFile(paths.process);
    if (file === undefined) throw new Error('no process file');
    expect(isAlive(file.identity)).toBe(true);
    signalProcess(file.identity, 'SIGTERM');
    expect(await waitForExitFile(paths, file.identity, DEADLINE_MS)).toEqual({
      kind: 'signaled',
      signal: 15,
    });
  }
});

/** A program in the place of the one that forks parents. */
async function standIn(dir: InstanceDir, script: string): Promise<Parents> {
  const path = join(dir.root, 'parents');
  await writeFile(path, `#!/bin/sh\n${script}`, { mode: 0o755 });
  return new Parents(path);
}

test('a launch that gets nowhere is an error and leaves nothing behind', async () => {
  await using dir = await instanceDir();
  const slow = `${dir.paths.dir}/slow`;
  for (const answer of [':', 'echo 1 parent $$']) {
    const parents = await standIn(dir, `echo $$ >${slow}; ${answer}; exec sleep 60`);
    const start = { paths: dir.paths, qemuPath: '/bin/true', args: [], parents };
    await expect(spawnQemu({ ...start, timeoutMs: 3000 })).rejects.toThrow(
      'not ready within 3000 ms',
    );
    const pid = Number(await readFile(slow, 'utf8'));
    await expect.poll(() => readIdentity(pid)).toBeUndefined();
  }
  const start = { paths: dir.paths, qemuPath: '/bin/true', args: [] };
  const abort = new AbortController();
  const given = spawnQemu({ ...start, signal: abort.signal });
  abort.abort(new Error('changed my mind'));
  await expect(given).rejects.toThrow('changed my mind');
  await expect(spawnQemu({ ...start, signal: abort.signal })).rejects.toThrow('changed my mind');
});

test('a launch that fails before QEMU says why', async () => {
  await using dir = await instanceDir();
  const { paths } = dir;
  const start = { paths, qemuPath: '/bin/true', args: [] };
  const missing = new Parents('/nonexistent/parents');
  await expect(spawnQemu({ ...start, parents: missing })).rejects.toThrow(
    /nonexistent\/parents.*ENOENT/,
  );
  const broken = await standIn(dir, 'exit 3');
  await expect(spawnQemu({ ...start, parents: broken })).rejects.toThrow('exit code 3');
  await expect(spawnQemu({ ...start, args: ['a\0b'] })).rejects.toThrow(SpawnError);
  await writeFile(`${paths.dir}/exit.tmp`, 'exited 0\n');
  await expect(spawnQemu(start)).rejects.toThrow('exit.tmp: File exists');
  await writeFile(paths.exit, 'exited 0\n');
  await expect(spawnQemu(start)).rejects.toThrow('serves one launch');
  await rm(paths.dir, { recursive: true });
  await expect(spawnQemu(start)).rejects.toThrow('is missing');
});

test('no launch is lost with the program that forks the parents', async () => {
  await using dir = await instanceDir();
  await using other = await instanceDir();
  const real = programFile('parents');
  const once = `if mkdir ${dir.root}/ended; then head -c 1; exit 1; fi; exec ${real} "$@"`;
  const parents = await standIn(dir, once);
  const start = { qemuPath: '/bin/sh', args: ['-c', 'exec sleep 60'], parents };
  const launched = await Promise.all([
    spawnQemu({ ...start, paths: dir.paths }),
    spawnQemu({ ...start, paths: other.paths }),
  ]);
  expect(launched.every(isAlive)).toBe(true);
});

test('instance directories are private, and the one for sockets is fresh', async () => {
  await using dir = await instanceDir();
  for (const path of [dir.paths.dir, dir.paths.runtimeDir])
    expect(statSync(path).mode & 0o777).toBe(0o700);
  prepareInstanceDirs(dir.paths);
  await writeFile(dir.paths.qmpSocket, '');
  expect(() => prepareInstanceDirs(dir.paths)).toThrow('holds qmp');
});
