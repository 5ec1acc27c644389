/** Everything that can lie in the VM directory beside a good VM: each is told, and the good one does not notice. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VmObject } from '../../src/api/contract.ts';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli } from './run-main.ts';
import { bringUp, untilInfo } from './waiting.ts';

const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
const good = tinyVm('x', { strategy: 'Always' });

/** Nine anchors of nine aliases each: a file of 400 bytes that would unfold to 9^9 values. */
const ALIAS_BOMB = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => {
  const aliases = Array.from({ length: 9 }, () => `*a${i}`).join(', ');
  return `a${i + 1}: &a${i + 1} [${aliases}]\n`;
}).join('')}`;

interface Bad {
  readonly file: string;
  readonly put: (path: string) => void;
  /** Code of its first problem. */
  readonly code: string;
  readonly words: string;
}

const text =
  (content: string | Uint8Array) =>
  (path: string): void =>
    writeFileSync(path, content);

const BAD: readonly Bad[] = [
  {
    file: 'fifo.yaml',
    put: (path) => execFileSync('mkfifo', [path]),
    code: 'not-a-file',
    words: 'is a named pipe, not a file',
  },
  {
    file: 'dangling.yaml',
    put: (path) => symlinkSync('/no/such/file', path),
    code: 'not-found',
    words: 'a link that leads nowhere',
  },
  {
    file: 'circle.yaml',
    put: (path) => symlinkSync('circle.yaml', path),
    code: 'read-failed',
    words: 'go round in a circle',
  },
  {
    file: 'latin1.yaml',
    put: text(Buffer.from(`# Gr\u00fc\u00dfe\n${good}`, 'latin1')),
    code: 'not-utf8',
    words: 'is not UTF-8: byte 0xfc in line 1',
  },
  { file: 'bomb.yaml', put: text(ALIAS_BOMB), code: 'too-complex', words: 'values' },
  {
    file: 'large.yaml',
    put: (path) => {
      writeFileSync(path, good);
      truncateSync(path, 10 * 1024 * 1024);
    },
    code: 'too-large',
    words: 'the limit is 1048576 bytes (1 MiB)',
  },
  {
    file: 'documents.yaml',
    put: text('a: 1\n---\n'.repeat(300)),
    code: 'too-many-documents',
    words: 'more than 64 documents',
  },
  {
    file: 'tabs.yaml',
    put: text('a:\n\tb: 1\n'),
    code: 'yaml-syntax',
    words: 'Tabs are not allowed',
  },
  {
    file: 'keys.yaml',
    put: text(good.replace('  template:', '  runStrategy: Halted\n  template:')),
    code: 'duplicate-key',
    words: 'runStrategy',
  },
  { file: 'deep.yaml', put: text(`${'['.repeat(5000)}\n`), code: 'too-deep', words: '64 levels' },
  { file: 'prose.yaml', put: text('Dear daemon,\n'), code: 'wrong-type', words: 'a map of fields' },
  { file: 'nul.yaml', put: text('a: "\u0000"\nb: [\u0000\n'), code: 'yaml-syntax', words: '' },
  {
    file: 'pod.yaml',
    put: text('apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n'),
    code: 'unsupported-kind',
    words: 'Pod',
  },
];

let world: World;
let uid: string;
beforeAll(async () => {
  world = await World.start();
  uid = await bringUp(world, 'good');
  for (const { file, put } of BAD) put(join(world.vms, file));
  mkdirSync(join(world.vms, 'directory.yaml'));
  writeFileSync(join(world.vms, 'directory.yaml', 'inner.yaml'), good);
  writeFileSync(join(world.vms, 'empty.yaml'), '');
  await untilInfo(world, 'all are seen', ({ counts }) => counts.invalid === BAD.length);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test.for(BAD)('$file is listed with $code', async ({ file, code, words }) => {
  const all = (await world.api('GET', VMS)).body.items as readonly VmObject[];
  const vm = all.find(({ status }) => status.file === join(world.vms, file));
  expect(vm?.status.printableStatus).toBe('Invalid');
  expect(vm?.status.problems?.[0]?.code).toBe(code);
  expect(vm?.status.problems?.[0]?.message).toContain(words);
});

test('subdirectories and empty files are no VM files and no problem', async () => {
  const all = (await world.api('GET', VMS)).body.items as readonly VmObject[];
  const files = all.map(({ status }) => status.file);
  expect(files).toContain(join(world.vms, 'good.yaml'));
  expect(files).not.toContain(join(world.vms, 'directory.yaml'));
  expect(files).not.toContain(join(world.vms, 'empty.yaml'));
});

test('the good VM beside them runs on, and new ones come up, also after a restart', async () => {
  expect((await world.vm('good')).status.instance?.uid).toBe(uid);
  expect((await cli(world, 'describe', 'bomb.yaml', 'latin1.yaml')).code).toBe(0);
  await world.endDaemon('SIGKILL');
  await world.startDaemon();
  expect((await world.untilStatus('good', 'Running')).status.instance?.uid).toBe(uid);
  await bringUp(world, 'another');
  await untilInfo(world, 'all are seen again', ({ counts }) => counts.invalid === BAD.length);
});
