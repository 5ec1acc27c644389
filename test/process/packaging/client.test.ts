/** The client that other projects install: built, type-checked against, and run. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demo, hostInfo, listOf } from '../../unit/cli/objects.ts';
import { ALL_VMS, answers, INFO, startDaemon } from '../cli-harness.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
let project: string;
const installed = (...path: string[]): string => join(project, 'node_modules/solovirt', ...path);

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'solovirt-client-'));
  mkdirSync(join(project, 'node_modules'));
  const build = join(ROOT, 'scripts/lib/client-package.ts');
  await execa(process.execPath, [build, installed(), '1.2.3~git5']);
});
afterAll(() => rmSync(project, { recursive: true }));

test('it is a package with one entry', () => {
  const manifest = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
  expect(manifest).toMatchObject({ name: 'solovirt', version: '1.2.3', type: 'module' });
  expect(Object.keys(manifest.exports)).toEqual(['./client']);
  expect(manifest.dependencies).toBeUndefined();
});

test('it is plain JavaScript that runs', async () => {
  await using daemon = await startDaemon();
  daemon.on(`GET ${INFO}`, answers(hostInfo()));
  daemon.on(`GET ${ALL_VMS}`, answers(listOf([demo])));
  const file = join(project, 'list.mjs');
  writeFileSync(
    file,
    `import { SolovirtClient } from 'solovirt/client';
const solovirt = await SolovirtClient.connect();
for (const vm of (await solovirt.listVms()).items) console.log(vm.metadata.name);
`,
  );
  const { stdout } = await execa(process.execPath, [file], {
    env: { SOLOVIRT_SOCKET: daemon.socket },
  });
  expect(stdout).toBe('demo');
});

test('its types say what is there, and what is not', async () => {
  writeFileSync(
    join(project, 'types.ts'),
    `import { type RunView, SolovirtClient } from 'solovirt/client';
export async function last(solovirt: SolovirtClient): Promise<RunView | undefined> {
  // @ts-expect-error there is no such option
  await solovirt.start('demo', { pause: true });
  return (await solovirt.runs('demo')).items[0];
}
`,
  );
  const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, noEmit: true };
  const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...types }, files: ['types.ts'] }),
  );
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { all } = await execa(tsc, ['-p', project], { all: true, reject: false });
  expect(all).toBe('');
});
