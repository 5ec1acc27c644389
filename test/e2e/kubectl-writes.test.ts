/** `kubectl` creates, changes and deletes VMs: what it says, and what becomes of the files. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { Kubectl } from './kubectl.ts';
import { tinyVm } from './manifests.ts';

let world: World;
let kubectl: Kubectl;
beforeAll(async () => {
  world = await World.start();
  kubectl = await Kubectl.on(world);
});
afterAll(async () => {
  await kubectl?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

/** A file of the user's own, which the daemon does not read. */
function userFile(name: string, text: string): string {
  const path = join(world.dir, name);
  writeFileSync(path, text);
  return path;
}

async function given(name: string, text = tinyVm(name, { strategy: 'Halted' })): Promise<string> {
  world.write(name, text);
  await world.untilStatus(name, 'Stopped');
  return text;
}

describe('kubectl create', () => {
  test('-f, also as a dry run', async () => {
    const file = userFile('made.yaml', tinyVm('made', { strategy: 'Halted' }));
    expect(await kubectl.ok(['create', '-f', file, '--dry-run=server'])).toContain(
      'made created (server dry run)',
    );
    expect(existsSync(world.file('made'))).toBe(false);
    expect(await kubectl.ok(['create', '-f', file])).toContain(
      'virtualmachine.kubevirt.io/made created',
    );
    expect(world.read('made')).toContain('runStrategy: Halted');
    const again = await kubectl.run(['create', '-f', file]);
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('Error from server (AlreadyExists)'),
    ]);
  });

  test('tells what is wrong with a file, field by field', async () => {
    const text = tinyVm('wrong', { strategy: 'Halted' });
    const create = (changed: string, ...args: string[]) =>
      kubectl.run(['create', '-f', '-', ...args], changed);
    const unknown = await create(text.replace('runStrategy', 'runStratgy'));
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/unknown field "(spec\.)?runStratgy"/),
    ]);
    const invalid = await create(text.replace('Halted', 'Sometimes'), '--validate=false');
    expect([invalid.code, invalid.stderr]).toEqual([
      1,
      expect.stringContaining('spec.runStrategy: Invalid RunStrategy (Sometimes)'),
    ]);
    const both = await create(text.replace('spec:\n', 'spec:\n  running: true\n'));
    expect([both.code, both.stderr]).toEqual([1, expect.stringContaining('mutually exclusive')]);
    expect(existsSync(world.file('wrong'))).toBe(false);
  });

  test('warns', async () => {
    const text = tinyVm('warned', { strategy: 'Halted' }).replace(
      /runStrategy: Halted/,
      'running: false',
    );
    const { code, stderr } = await kubectl.run(['create', '-f', '-'], text);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('Warning: spec.running: running is deprecated'),
    ]);
  });
});

describe('kubectl apply', () => {
  test('creates, changes and leaves alone', async () => {
    const text = tinyVm('applied', { strategy: 'Halted' });
    const apply = (changed: string) => kubectl.ok(['apply', '-f', '-'], changed);
    expect(await apply(text)).toContain('applied created');
    expect(await apply(text)).toContain('applied unchanged');
    expect(await apply(text.replace('guest: 16Mi', 'guest: 24Mi'))).toContain('applied configured');
    expect(world.read('applied')).toContain('guest: 24Mi');
    const diff = await kubectl.run(['diff', '-f', '-'], text);
    expect([diff.code, diff.stdout]).toEqual([
      1,
      expect.stringMatching(/-\s+guest: 24Mi\n\+\s+guest: 16Mi/),
    ]);
    const invalid = await kubectl.run(['apply', '-f', '-'], text.replace('virtio', 'warp'));
    expect([invalid.code, invalid.stderr]).toEqual([
      1,
      expect.stringContaining('spec.template.spec.domain.devices.disks[0].disk.bus'),
    ]);
    const ssa = await kubectl.run(['apply', '--server-side', '-f', '-'], text);
    expect([ssa.code, ssa.stderr]).toEqual([
      1,
      expect.stringContaining('use kubectl apply without --server-side'),
    ]);
  });

  test('of several documents, and of a file that has comments', async () => {
    const text = await given('commented');
    const two = `${text.replace('Halted', 'Manual')}---\n${tinyVm('second', { strategy: 'Halted' })}`;
    const said = await kubectl.ok(['apply', '-f', '-'], two);
    expect(said).toMatch(/commented configured\n.*second created/);
    const file = world.read('commented');
    expect(file).toMatch(/^# the comment stays\n/);
    expect(file).toContain('runStrategy: Manual # so does this one\n');
    expect(file).toContain('kubectl.kubernetes.io/last-applied-configuration: |\n      {');
  });

  test('of the older version', async () => {
    const text = `apiVersion: kubevirt.io/v1alpha3
kind: VirtualMachine
metadata:
  name: vm-cirros
  labels:
    kubevirt.io/vm: vm-cirros
spec:
  running: false
  template:
    spec:
      domain:
        devices: {}
        resources:
          requests:
            memory: 64M
`;
    expect(await kubectl.ok(['apply', '-f', '-'], text)).toContain('vm-cirros created');
    expect(world.read('vm-cirros')).toMatch(/^apiVersion: kubevirt.io\/v1alpha3\n/);
    expect(await kubectl.ok(['apply', '-f', '-'], text)).toContain('vm-cirros unchanged');
    const next = text.replace('running: false', 'runStrategy: Manual');
    expect(await kubectl.ok(['apply', '-f', '-'], next)).toContain('vm-cirros configured');
    expect(world.read('vm-cirros')).toContain('runStrategy: Manual');
  });
});

describe('kubectl changes a VM', () => {
  test('patch, label and annotate', async () => {
    const text = await given('patched');
    await kubectl.ok([
      'patch',
      'vm',
      'patched',
      '--type=merge',
      '-p',
      '{"spec":{"runStrategy":"Manual"}}',
    ]);
    expect(world.read('patched')).toBe(text.replace('Halted', 'Manual'));
    await kubectl.ok([
      'patch',
      'vm',
      'patched',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/runStrategy","value":"Halted"}]',
    ]);
    expect(world.read('patched')).toBe(text);
    await kubectl.ok(['label', 'vm', 'patched', 'app=shop']);
    await kubectl.ok(['annotate', 'vm', 'patched', 'note=a: b']);
    expect(world.read('patched')).toContain(
      '  labels:\n    app: shop\n  annotations:\n    note: "a: b"\n',
    );
    await kubectl.ok(['label', 'vm', 'patched', 'app-']);
    await kubectl.ok(['annotate', 'vm', 'patched', 'note-']);
    expect(world.read('patched')).not.toMatch(/app|note/);
    const plain = await kubectl.run(['patch', 'vm', 'patched', '-p', '{}']);
    expect([plain.code, plain.stderr]).toEqual([
      1,
      expect.stringMatching(/not supported|unknown format/),
    ]);
    const scale = await kubectl.run(['scale', 'vm', 'patched', '--replicas=2']);
    expect([scale.code, scale.stderr]).toEqual([
      1,
      expect.stringContaining('a VM is one guest, it has no replicas'),
    ]);
  });

  test('replace, and only what was read', async () => {
    const text = await given('replaced');
    const old = await kubectl.ok(['get', 'vm', 'replaced', '-o', 'yaml']);
    const next = old.replace('runStrategy: Halted', 'runStrategy: Once');
    expect(await kubectl.ok(['replace', '-f', '-'], next)).toContain('replaced');
    expect(world.read('replaced')).toBe(text.replace('Halted', 'Once'));
    const stale = await kubectl.run(['replace', '-f', '-'], next.replace('Once', 'Manual'));
    expect([stale.code, stale.stderr]).toEqual([
      1,
      expect.stringContaining(
        'the object has been modified; please apply your changes to the latest version and try again',
      ),
    ]);
  });

  test('edit, with a second try after a mistake', async () => {
    const text = await given('edited');
    const editor = userFile(
      'editor.sh',
      '#!/bin/sh\nif grep -q "Invalid RunStrategy" "$1"; then sed -i "s/: Sometimes/: Manual/" "$1"; else sed -i "s/runStrategy: Halted/runStrategy: Sometimes/" "$1"; fi\n',
    );
    chmodSync(editor, 0o755);
    const { exitCode, stdout, stderr } = await execa(
      'kubectl',
      kubectl.args(['edit', 'vm', 'edited']),
      {
        env: { ...kubectl.env(), KUBE_EDITOR: editor },
        reject: false,
        timeout: 60_000,
        stdin: 'ignore',
      },
    );
    expect([exitCode, stdout, stderr]).toEqual([
      0,
      expect.stringContaining('edited edited'),
      expect.any(String),
    ]);
    expect(world.read('edited')).toBe(text.replace('Halted', 'Manual'));
  });
});

describe('kubectl delete', () => {
  test('waits until the guest is down', async () => {
    world.write('running', tinyVm('running', { strategy: 'Always', guest: 'ignore', grace: 300 }));
    await world.untilStatus('running', 'Running');
    expect(await kubectl.ok(['delete', 'vm', 'running', '--dry-run=server'])).toContain('deleted');
    expect(existsSync(world.file('running'))).toBe(true);
    const orphan = await kubectl.run(['delete', 'vm', 'running', '--cascade=orphan']);
    expect([orphan.code, orphan.stderr]).toEqual([1, expect.stringContaining('Orphan')]);
    expect(await kubectl.ok(['delete', 'vm', 'running', '--wait=false'])).toContain('deleted');
    expect((await world.vm('running')).status.printableStatus).toBe('Terminating');
    expect(await kubectl.ok(['delete', 'vm', 'running', '--now'])).toContain('deleted');
    expect(
      (await world.api('GET', '/apis/kubevirt.io/v1/namespaces/default/virtualmachines/running'))
        .code,
    ).toBe(404);
    expect(existsSync(world.file('running'))).toBe(false);
  });

  test('by selector, by file, and of what is not there', async () => {
    for (const name of ['s1', 's2']) {
      await given(name);
      await kubectl.ok(['label', 'vm', name, 'group=s']);
    }
    expect(await kubectl.ok(['delete', 'vm', '-l', 'group=s'])).toMatch(
      /"s1" deleted[\s\S]*"s2" deleted/,
    );
    expect([existsSync(world.file('s1')), existsSync(world.file('s2'))]).toEqual([false, false]);
    const file = userFile('three.yaml', await given('three'));
    expect(await kubectl.ok(['delete', '-f', file, '--grace-period=5'])).toContain(
      '"three" deleted',
    );
    const gone = await kubectl.run(['delete', 'vm', 'three']);
    expect([gone.code, gone.stderr]).toEqual([
      1,
      expect.stringContaining('virtualmachines.kubevirt.io "three" not found'),
    ]);
  });

  test('of an instance lets its strategy decide', async () => {
    world.write('again', tinyVm('again', { strategy: 'Always' }));
    const uid = (await world.untilStatus('again', 'Running')).status.instance?.uid;
    expect(await kubectl.ok(['delete', 'vmi', 'again', '--grace-period=0', '--force'])).toContain(
      'deleted',
    );
    await world.until(
      'again',
      'runs anew',
      (vm) => vm?.status.printableStatus === 'Running' && vm.status.instance?.uid !== uid,
    );
  });
});
