/** `solovirt explain`, which asks no daemon. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KIND_NAMES } from '../../src/api/contract-schema.ts';
import { RESOURCES } from '../../src/api/resources.ts';
import { runCli } from './cli-harness.ts';

async function explain(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['explain', ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['explain', ...args]);
  expect(stdout).toBe('');
  expect(code).toBe(1);
  return stderr;
}

test('a field: type, values, default and meaning, as docs/cli.md shows it', async () => {
  const doc = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  const shown = /\$ solovirt explain disks\.errorPolicy\n([\s\S]*?)```/.exec(doc)?.[1];
  expect(await explain('disks.errorPolicy')).toBe(shown);
});

test.each([
  'vm.spec.runStrategy',
  'virtualmachine.spec.runStrategy',
  'spec.runStrategy',
  'VM.spec.runStrategy',
])('the same field as %s', async (path) => {
  expect(await explain(path)).toContain('FIELD:    spec.runStrategy <string>');
});

test('an object: what stands in it, and what KubeVirt has there besides', async () => {
  const said = await explain('domain.cpu');
  expect(said).toContain('FIELD:    spec.template.spec.domain.cpu <CPU>');
  expect(said).toContain('Cores of each socket. Values: 1 to 512. Default: 1.');
  expect(said).toMatch(/NOT SUPPORTED:\n.*maxSockets, numa/);
});

test('items of a list', async () => {
  expect(await explain('vm.spec.template.spec.volumes[0].hostDisk.type')).toContain('REQUIRED');
});

test('everything below a field', async () => {
  const said = await explain('vm.spec', '--recursive');
  expect(said).toContain('\n  template <VirtualMachineInstanceTemplateSpec> -required-\n');
  expect(said).toContain(' errorPolicy <string>\n');
});

test('the status of an instance, and events', async () => {
  expect(await explain('vmi.status')).toContain('phase <string>');
  expect(await explain('event.type')).toContain('VALUES:   Normal, Warning');
});

test('annotations, and one of them', async () => {
  expect(await explain('annotations')).toContain('solovirt.io/start-after');
  for (const name of ['solovirt.io/kernel', 'metadata.annotations[solovirt.io/kernel]']) {
    const said = await explain(name);
    expect(said).toContain('Kernel for direct boot');
    expect(said).not.toContain('solovirt.io/initrd:');
  }
});

test('the JSON Schema for editors is the committed one', async () => {
  const file = new URL('../../docs/schema/virtualmachine.json', import.meta.url);
  expect(await explain('--json-schema')).toBe(readFileSync(file, 'utf8'));
});

test.each([
  ['vm.spec.runStratgy', 'Did you mean spec.runStrategy?'],
  ['runStratgy', 'Did you mean runStrategy?'],
  ['solovirt.io/kernal', 'did you mean "solovirt.io/kernel"?'],
  ['vm.spec.xyzzy', 'Fields of spec: running, runStrategy'],
  ['vm.spec.instancetype', 'does not support it'],
  ['vm.spec.runStrategy.name', 'has no fields inside'],
  ['xyzzy', 'vm --recursive'],
])('%s: what would be right', async (path, hint) => {
  expect(await refusal(path)).toContain(hint);
});

test('a name that several fields have', async () => {
  const said = await refusal('bootOrder');
  expect(said).toContain('  spec.template.spec.domain.devices.disks.bootOrder\n');
  expect(said).toContain('  spec.template.spec.domain.devices.interfaces.bootOrder\n');
});

test('nothing to explain', async () => {
  const { code, stderr } = await runCli(['explain']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('solovirt explain vm')]);
});

test('a narrow terminal', async () => {
  const { stdout } = await runCli(['explain', 'domain.cpu'], { columns: 50 });
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
});

test('an object that is not KubeVirt’s has the version of its own group', async () => {
  const { stdout } = await runCli(['explain', 'net-attach-def.spec.config']);
  expect(stdout).toContain('VERSION:  k8s.cni.cncf.io/v1\n');
});

test('kinds have the names that discovery gives them', () => {
  for (const { kind, plural, singular, shortNames } of RESOURCES)
    if (Object.hasOwn(KIND_NAMES, kind))
      expect(KIND_NAMES[kind]).toEqual(expect.arrayContaining([plural, singular, ...shortNames]));
});
