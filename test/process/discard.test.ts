/** An instance whose launch was cut short: whatever its parent got to, no QEMU is left of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { discardInstance } from '../../src/qemu/discard.ts';
import { killTree } from '../../src/qemu/kill-tree.ts';
import { Parents } from '../../src/qemu/parents.ts';
import { isAlive, readIdentity } from '../../src/qemu/process-identity.ts';

let root: string;
let paths: InstancePaths;
let child: ChildProcess | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'solovirt-discard-'));
  paths = instancePaths(root, root, 'uid');
  mkdirSync(paths.dir, { recursive: true });
  mkdirSync(paths.runtimeDir, { recursive: true });
});

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = undefined;
  rmSync(root, { recursive: true, force: true });
});

/** A process that looks as if it were of the instance, by its name. */
function sleeper(name: string): ChildProcess {
  return spawn('sleep', ['600'], { stdio: 'ignore', argv0: `qemu ${name}` });
}

function discard(): Promise<void> {
  return discardInstance(paths, (identity) => killTree(identity, 'SIGKILL'));
}

function expectNothingLeft(): void {
  expect(readdirSync(`${root}/instances`)).toEqual([]);
  expect(existsSync(paths.runtimeDir)).toBe(false);
}

test('a QEMU that was started after all is killed', async () => {
  child = sleeper(paths.uid);
  const identity = readIdentity(child.pid ?? 0);
  if (identity === undefined) throw new Error('no child');
  const gone = once(child, 'exit');
  writeFileSync(paths.process, `${identity.pid} ${identity.startTime} ${identity.bootId}\n`);
  await discard();
  await gone;
  expect(isAlive(identity)).toBe(false);
  expectNothingLeft();
});

test('a process of somebody else that the file has come to name is left alone', async () => {
  child = sleeper('of somebody else');
  const identity = readIdentity(child.pid ?? 0);
  if (identity === undefined) throw new Error('no child');
  writeFileSync(paths.process, `${identity.pid} ${identity.startTime} ${identity.bootId}\n`);
  await discard();
  expect(isAlive(identity)).toBe(true);
  expectNothingLeft();
});

test('a QEMU whose parent is just writing its identity is killed', async () => {
  child = sleeper(paths.uid);
  const identity = readIdentity(child.pid ?? 0);
  if (identity === undefined) throw new Error('no child');
  const gone = once(child, 'exit');
  writeFileSync(paths.process, '');
  const discarded = discard();
  await vanished(paths.dir);
  const moved = `${paths.dir}.discarded/process`;
  writeFileSync(moved, `${identity.pid} ${identity.startTime} ${identity.bootId}\n`);
  await discarded;
  await gone;
  expectNothingLeft();
});

async function vanished(dir: string): Promise<void> {
  while (existsSync(dir)) await new Promise((next) => setImmediate(next));
}

test('a parent that comes later starts nothing', async () => {
  await discard();
  const marker = join(root, 'started');
  const signal = new AbortController().signal;
  const command = ['/usr/bin/touch', marker];
  const late = new Parents().start({ paths, command, onParent: () => {}, signal });
  await expect(late).rejects.toThrow('cannot make');
  expect(existsSync(marker)).toBe(false);
  expectNothingLeft();
});

test('a second time there is nothing to do', async () => {
  await discard();
  await discard();
  expectNothingLeft();
});
