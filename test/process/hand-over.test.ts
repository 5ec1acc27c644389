/** What is handed to the unit of a VM. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instancePaths } from '../../src/core/paths.ts';
import { writeDependents, writeHandOver } from '../../src/qemu/hand-over.ts';

let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'solovirt-hand-over-'));
  dir = join(root, 'vm', 'web');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function handOver(uid: string): void {
  writeHandOver(dir, {
    paths: instancePaths(root, root, uid),
    command: ['/bin/echo', 'two words', '', 'line\nbreak'],
    taps: [],
    gracePeriodSeconds: 30,
    gid: process.getgid?.() ?? 0,
  });
}

test('leads to the directories of the instance and holds the command word by word', () => {
  handOver('one');
  expect(readlinkSync(`${dir}/evidence`)).toBe(`${root}/instances/one`);
  expect(readlinkSync(`${dir}/sockets`)).toBe(`${root}/i/one`);
  expect(readFileSync(`${dir}/launch`, 'utf8')).toBe('/bin/echo\0two words\0\0line\nbreak\0');
  expect(readFileSync(`${dir}/grace`, 'utf8')).toBe('30\n');
});

test('a launch replaces what the last one left, above all its mark of a host shutdown', () => {
  handOver('one');
  mkdirSync(`${dir}/host-shutdown`);
  handOver('two');
  expect(readlinkSync(`${dir}/evidence`)).toBe(`${root}/instances/two`);
  expect(readdirSync(dir).sort()).toEqual(['dependents', 'evidence', 'grace', 'launch', 'sockets']);
});

test('dependents are exactly those of now', async () => {
  await writeDependents(dir, ['app', 'prod:web']);
  await writeDependents(dir, ['app', 'cache']);
  expect(readdirSync(`${dir}/dependents`).sort()).toEqual(['app', 'cache']);
  handOver('one');
  expect(readdirSync(`${dir}/dependents`).sort()).toEqual(['app', 'cache']);
  await writeDependents(dir, []);
  expect(readdirSync(`${dir}/dependents`)).toEqual([]);
});
