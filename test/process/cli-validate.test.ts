import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { managedNetwork } from '../e2e/manifests.ts';
import { runCli, scratchDir } from './cli-harness.ts';

const EXAMPLES = new URL('../../vms', import.meta.url);

let dir = '';
beforeEach(async () => {
  dir = await scratchDir();
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

function manifest(name: string, strategy = 'runStrategy: Always'): string {
  return `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
spec:
  ${strategy}
  template:
    spec:
      domain:
        memory: { guest: 128Mi }
        devices: {}
`;
}

async function write(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

test('valid files: a summary and exit code 0', async () => {
  await write('a.yaml', manifest('a'));
  await write('b.yml', `${manifest('b')}---\n${manifest('c')}`);
  await write('.hidden.yaml', 'not: valid');
  await write('notes.txt', 'not a manifest');
  await mkdir(join(dir, 'sub.yaml'));
  expect(await runCli(['validate', dir])).toEqual({
    code: 0,
    stdout: '2 files, 3 valid VMs: no problems\n',
    stderr: '',
  });
});

test('the examples of this repository get on beside each other', async () => {
  const { code, stdout } = await runCli(['validate', fileURLToPath(EXAMPLES)]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('no problems') });
});

test('each problem has file, line and column: exit code 1', async () => {
  const bad = await write('bad.yaml', manifest('bad', 'runStrategy: Alwyas'));
  const { code, stdout } = await runCli(['validate', bad]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^\S+bad\.yaml:6:16: spec\.runStrategy: .*Always/);
  expect(stdout).toMatch(/1 file, 0 valid VMs: 1 error, 0 warnings\n$/);
});

test('a warning is marked as one and is no failure', async () => {
  const old = await write('old.yaml', manifest('old', 'running: true'));
  const { code, stdout } = await runCli(['validate', old]);
  expect({ code, warned: /\(warning\)\n/.test(stdout) }).toEqual({ code: 0, warned: true });
});

test('one identity in two files is an error in the later one', async () => {
  const first = await write('a.yaml', manifest('same'));
  const second = await write('b.yaml', manifest('same'));
  const { code, stdout } = await runCli(['validate', dir]);
  expect(code).toBe(1);
  expect(stdout).toContain(
    `${second}:1:1: metadata.name: VM default/same is declared already in ${first}:1;`,
  );
});

test('standard input is read for -', async () => {
  const good = await runCli(['validate', '-'], { stdin: manifest('a') });
  expect(good).toMatchObject({ code: 0, stdout: '1 file, 1 valid VM: no problems\n' });
  const bad = await runCli(['validate', '-'], { stdin: 'kind: [' });
  expect(bad.code).toBe(1);
  expect(bad.stdout).toMatch(/^stdin:1:/);
});

test('files that cannot be read are errors, and the others are still checked', async () => {
  const good = await write('good.yaml', manifest('good'));
  const binary = await write('binary.yaml', new Uint8Array([0x61, 0xff, 0xfe]));
  const large = await write('large.yaml', new Uint8Array(1024 * 1024 + 1));
  const missing = join(dir, 'missing.yaml');
  const { code, stdout } = await runCli(['validate', missing, binary, large, good]);
  expect(code).toBe(1);
  expect(stdout).toContain(`${missing}: does not exist\n`);
  expect(stdout).toContain(`${binary}: is not UTF-8 text`);
  expect(stdout).toContain(`${large}: has 1048577 bytes or more`);
  expect(stdout).toContain('4 files, 1 valid VM: 3 errors, 0 warnings\n');
});

test('a name that the daemon would pass over is warned about', async () => {
  const path = await write('vm.yaml.off', manifest('a'));
  const { code, stdout } = await runCli(['validate', path]);
  expect(code).toBe(0);
  expect(stdout).toContain('the daemon would not read a file of this name');
});

test('a directory without VM files is no failure, but is mentioned', async () => {
  expect(await runCli(['validate', dir])).toEqual({
    code: 0,
    stdout: '0 files, 0 valid VMs: no problems\n',
    stderr: 'No VM files (*.yaml, *.yml) were found.\n',
  });
});

test('Secrets and ConfigMaps are checked and counted, and of two with one name the later is at fault', async () => {
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
  const a = await write('a.yaml', `${manifest('a')}---\n${map}`);
  expect((await runCli(['validate', a])).stdout).toBe(
    '1 file, 1 valid VM, 1 other valid object: no problems\n',
  );
  const secret = map.replace('ConfigMap', 'Secret');
  const b = await write('b.yaml', `${map}---\n${secret}data: {k: hunter2}\n`);
  const { code, stdout } = await runCli(['validate', a, b]);
  expect(code).toBe(1);
  expect(stdout).toContain('b.yaml:1:1: metadata.name: ConfigMap default/a is declared already in');
  expect(stdout).toContain('b.yaml:8:11: data.k: expected base64');
  expect(stdout).not.toContain('hunter2');
});

describe('the order of starts', () => {
  const ordered = (name: string, after: string): string =>
    manifest(name).replace(
      `name: ${name}`,
      `name: ${name}\n  annotations: {solovirt.io/start-after: ${after}}`,
    );

  test('a circle over several files is warned about at each VM of it', async () => {
    const a = await write('a.yaml', ordered('a', 'b'));
    const b = await write('b.yaml', ordered('b', 'a'));
    const { code, stdout } = await runCli(['validate', a, b]);
    expect(code).toBe(0);
    const field = 'metadata.annotations[solovirt.io/start-after]';
    const opened =
      'so that it does not wait for ever, b is started without waiting for a (warning)';
    expect(stdout).toBe(
      [
        `${a}:5:42: ${field}: start-after goes round in a circle: a → b → a; ${opened}`,
        `${b}:5:42: ${field}: start-after goes round in a circle: b → a → b; ${opened}`,
        '2 files, 2 valid VMs: 0 errors, 2 warnings\n',
      ].join('\n'),
    );
  });

  test('a name that nobody declares is warned about where a whole directory is looked at', async () => {
    const a = await write('a.yaml', ordered('a', 'bee'));
    await write('b.yaml', manifest('beo'));
    const alone = await runCli(['validate', a]);
    expect(alone.stdout).toBe('1 file, 1 valid VM: no problems\n');
    const { code, stdout } = await runCli(['validate', dir]);
    expect(code).toBe(0);
    expect(stdout).toContain('a.yaml:5:42: ');
    expect(stdout).toContain(
      'no VM file declares bee, so it is not waited for; did you mean "beo"?',
    );
  });
});

test('of two networks that cannot be there at once the later is warned about, at its bridge or subnet', async () => {
  const a = await write('a.yaml', managedNetwork('a', 'sv-a', '10.44.0.0/16'));
  const b = await write('b.yaml', managedNetwork('b', 'sv-b', '10.44.7.0/24'));
  const c = await write('c.yaml', managedNetwork('c', 'sv-b', '10.45.0.0/24'));
  const { code, stdout } = await runCli(['validate', a, b, c]);
  expect(code).toBe(0);
  const why = 'while guests are in one of the two, none can be started in the other (warning)';
  expect(stdout).toBe(
    [
      `${b}:7:47: spec.config.ipam.subnet: its subnet 10.44.7.0/24 overlaps 10.44.0.0/16 of the network default/a: ${why}`,
      `${c}:6:34: spec.config.bridge: its bridge sv-b is that of the network default/b: ${why}`,
      '3 files, 0 valid VMs, 3 other valid objects: 0 errors, 2 warnings\n',
    ].join('\n'),
  );
});
