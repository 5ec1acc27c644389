/** A file of a running VM is edited in every way that editors have: what happens to the guest, and what is told. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { bringUp, condition, eventReasons, untilNoticed } from './waiting.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const uidOf = async (name: string) => (await world.vm(name)).status.instance?.uid;

describe('a template that is saved', () => {
  const edited = (name: string) => tinyVm(name, { strategy: 'Always', grace: 7 });
  const waysToSave: readonly (readonly [string, (name: string) => Promise<void> | void])[] = [
    ['in-place', (name) => world.write(name, edited(name))],
    [
      'by-rename',
      (name) => {
        writeFileSync(`${world.vms}/.${name}.swp`, edited(name));
        renameSync(`${world.vms}/.${name}.swp`, world.file(name));
      },
    ],
    ['by-removal', (name) => removeAndWrite(name, edited(name))],
    ['in-two-pieces', (name) => writeInPieces(name, edited(name))],
  ];
  test.for(waysToSave)('%s leaves the guest alone until a restart', async ([way, save]) => {
    const name = `save-${way}`;
    const uid = await bringUp(world, name);
    await save(name);
    const vm = await world.until(
      name,
      'needs a restart',
      (v) => condition(v, 'RestartRequired') !== undefined,
    );
    expect(condition(vm, 'RestartRequired')?.message).toContain(
      'spec.template.spec.terminationGracePeriodSeconds',
    );
    expect(vm?.status.instance?.uid).toBe(uid);
    expect(vm?.metadata.generation).toBe(2);
    expect(await eventReasons(world, name)).not.toContain('StopRung');
    expect((await world.command(name, 'restart')).code).toBe(202);
    const after = await world.until(name, 'is a new instance', (v) => {
      const instance = v?.status.instance;
      return instance?.phase === 'Running' && instance.uid !== uid;
    });
    expect(condition(after, 'RestartRequired')).toBeUndefined();
  });

  /** As some editors and `git checkout` do it. Repeated should this process have slept over it. */
  async function removeAndWrite(name: string, text: string): Promise<void> {
    for (;;) {
      const removedAt = performance.now();
      rmSync(world.file(name));
      await new Promise((next) => setTimeout(next, 100));
      writeFileSync(world.file(name), text);
      if (performance.now() - removedAt < 200) return;
    }
  }

  /** The first half ends in the middle of a word. */
  async function writeInPieces(name: string, text: string): Promise<void> {
    writeFileSync(world.file(name), text.slice(0, text.length / 2));
    await new Promise((next) => setTimeout(next, 100));
    writeFileSync(world.file(name), text);
  }
});

describe('an edit that changes nothing for the guest', () => {
  test.for([
    ['comment', (text: string) => `# another comment\n${text}`],
    ['formatting', (text: string) => text.replace('guest: 16Mi', "guest: '16384Ki'")],
    ['order', (text: string) => text.replace('{bus: virtio}', '{\n                bus: virtio }')],
  ] as const)('(%s) asks for no restart', async ([what, edit]) => {
    const name = `same-${what}`;
    const uid = await bringUp(world, name);
    const before = await world.vm(name);
    world.write(name, edit(world.read(name)));
    const after = await untilNoticed(world, before);
    expect(after?.status.conditions).toEqual(before.status.conditions);
    expect(after?.status.instance?.uid).toBe(uid);
    expect(after?.status.problems).toBeUndefined();
  });
});

test('an annotation outside the template that changes the next instance is named', async () => {
  const uid = await bringUp(world, 'annotated');
  const text = world.read('annotated');
  world.write(
    'annotated',
    text.replace('metadata:', 'metadata:\n  annotations: {solovirt.io/panic-device: none}'),
  );
  const vm = await world.until(
    'annotated',
    'needs a restart',
    (v) => condition(v, 'RestartRequired') !== undefined,
  );
  expect(condition(vm, 'RestartRequired')?.message).toContain('in: metadata.annotations');
  expect(vm?.status.instance?.uid).toBe(uid);
});

describe('a broken edit', () => {
  test('leaves the last valid version in force, and says where the faults are', async () => {
    const uid = await bringUp(world, 'breaks');
    const good = world.read('breaks');
    world.write('breaks', good.replace('runStrategy:', 'runStratgy:').replace('16Mi', '16MiB'));
    const broken = await world.until(
      'breaks',
      'has problems',
      (v) => v?.status.problems !== undefined,
    );
    expect(broken?.status.problems).toContainEqual(
      expect.objectContaining({ code: 'unknown-field', line: 7, column: 3 }),
    );
    expect(broken?.status.problems).toContainEqual(
      expect.objectContaining({ path: 'spec.template.spec.domain.memory.guest', line: 13 }),
    );
    expect(condition(broken, 'ManifestInvalid')?.status).toBe('True');
    expect(broken?.status.printableStatus).toBe('Running');
    expect(broken?.status.instance?.uid).toBe(uid);
    expect(broken?.spec['runStrategy']).toBe('Always');

    world.write('breaks', good);
    const repaired = await world.until(
      'breaks',
      'is well',
      (v) => v?.status.problems === undefined,
    );
    expect(condition(repaired, 'ManifestInvalid')).toBeUndefined();
    expect(repaired?.status.instance?.uid).toBe(uid);
  });

  test.for([
    ['nothing of it', 'pair', () => 'kind: [\n'],
    // The quote goes on to the end of the file.
    ['the first document', 'two', (text: string) => text.replace('spec:', 'lost: "\nspec:')],
  ] as const)(
    'that cannot even be read as YAML, %s, keeps every VM of the file',
    async ([, file, broken]) => {
      const names = [`${file}-a`, `${file}-b`];
      const text = names.map((name) => tinyVm(name, { strategy: 'Always' })).join('---\n');
      world.write(file, text);
      const all = await Promise.all(names.map((name) => world.untilStatus(name, 'Running')));
      world.write(file, broken(text));
      for (const before of all) {
        const { name } = before.metadata;
        const vm = await world.until(name, 'is invalid', (v) => v?.status.problems !== undefined);
        expect(vm?.status.problems?.[0]).toMatchObject({ code: 'yaml-syntax' });
        expect(vm?.status.instance?.uid).toBe(before.status.instance?.uid);
      }
    },
  );

  test('of one document does not concern the others of its file', async () => {
    const one = tinyVm('doc-one', { strategy: 'Always' });
    const two = tinyVm('doc-two', { strategy: 'Always', grace: -1 });
    world.write('docs', `${one}---\n${two}`);
    await world.untilStatus('doc-one', 'Running');
    const bad = await world.untilStatus('doc-two', 'Invalid');
    expect(bad.status.problems?.[0]?.line).toBeGreaterThan(one.split('\n').length);
    expect((await world.vm('doc-one')).status.problems).toBeUndefined();
    world.write('docs', `${one}---\n${tinyVm('doc-two', { strategy: 'Always' })}`);
    const good = await world.untilStatus('doc-two', 'Running');
    expect(good.metadata.uid).toBe(bad.metadata.uid);
  });
});

test('a file that never was valid is listed with its problems and the time it was first seen', async () => {
  const before = Date.now();
  world.write('never', tinyVm('never', { strategy: 'Always', grace: -1 }));
  const vm = await world.untilStatus('never', 'Invalid');
  expect(vm.status.problems?.[0]?.path).toBe('spec.template.spec.terminationGracePeriodSeconds');
  expect(Date.parse(vm.metadata.creationTimestamp)).toBeGreaterThanOrEqual(before);
  expect((await world.command('never', 'start')).code).toBe(409);
  world.remove('never');
  await world.until('never', 'is gone', (v) => v === undefined);
});

test('a renamed file keeps its instance', async () => {
  const uid = await bringUp(world, 'moves');
  renameSync(world.file('moves'), world.file('moved, elsewhere'));
  const vm = await world.until(
    'moves',
    'has moved',
    (v) => v?.status.file?.includes('moved,') === true,
  );
  expect(vm?.status.instance?.uid).toBe(uid);
  expect((await world.command('moves', 'stop')).code).toBe(202);
  await world.untilStatus('moves', 'Stopped');
  expect(world.read('moved, elsewhere')).toContain('runStrategy: Halted # so does this one');
});

describe('two files that declare one VM', () => {
  test('the first stays in force, and hands over to the second when it goes', async () => {
    const uid = await bringUp(world, 'twin');
    world.write('twin-2', tinyVm('twin', { strategy: 'Always', grace: 3 }));
    const second = await world.untilStatus('twin-2.yaml', 'Invalid');
    expect(second.status.problems?.[0]).toMatchObject({ code: 'duplicate-vm', line: 1 });
    expect(second.status.problems?.[0]?.message).toContain(world.file('twin'));
    expect((await world.vm('twin')).status).toMatchObject({ instance: { uid } });
    expect((await world.vm('twin')).status.problems).toBeUndefined();

    world.remove('twin');
    const after = await world.until(
      'twin',
      'is in the other file',
      (v) => v?.status.file === world.file('twin-2'),
    );
    expect(after?.status.instance?.uid).toBe(uid);
    expect(after?.status.instance?.stop).toBeUndefined();
    await world.until('twin-2.yaml', 'is no problem any more', (v) => v === undefined);
    expect(await uidOf('twin')).toBe(uid);
  });
});
