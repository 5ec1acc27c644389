/** `solovirt apply`, `edit` and `delete` against a real daemon. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { tinyVm } from './manifests.ts';
import { cli, type Ran, runMain } from './run-main.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const run = (...args: readonly string[]): Promise<Ran> => cli(world, ...args);

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

describe('apply', () => {
  test('creates, leaves alone and changes, with all comments', async () => {
    const text = tinyVm('shop', { strategy: 'Halted' });
    const file = userFile('shop.yaml', `${text}---\n${tinyVm('bank', { strategy: 'Halted' })}`);
    const rehearsed = await run('apply', '-f', file, '--dry-run');
    expect([rehearsed.code, rehearsed.stdout]).toEqual([
      0,
      'VM shop created (dry run)\nVM bank created (dry run)\n',
    ]);
    expect(existsSync(world.file('shop'))).toBe(false);
    expect((await run('apply', '-f', file)).stdout).toBe('VM shop created\nVM bank created\n');
    expect(world.read('shop')).toBe(text);
    expect((await run('apply', '-f', file)).stdout).toBe('VM shop unchanged\nVM bank unchanged\n');
    const next = text.replace('16Mi', '24Mi').replace('the comment stays', 'a new comment');
    expect((await run('apply', '-f', userFile('shop.yaml', next))).stdout).toBe(
      'VM shop configured\n',
    );
    expect(world.read('shop')).toBe(next);
  });

  test('into another namespace, from stdin as `create vm` prints it', async () => {
    const file = userFile('ns.yaml', tinyVm('shop', { strategy: 'Halted' }));
    expect((await run('apply', '-n', 'blue', '-f', file)).stdout).toBe('VM blue/shop created\n');
    expect(world.read('blue.shop')).toContain('  name: shop\n  namespace: blue\n');
    expect((await run('apply', '-n', 'blue', '-f', file)).stdout).toBe('VM blue/shop unchanged\n');
    const own = userFile('ns.yaml', world.read('blue.shop'));
    const other = await run('apply', '-n', 'red', '-f', own);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining('declared in namespace blue, not in red'),
    ]);
  });

  test('sends nothing when anything is wrong, and says where', async () => {
    const good = tinyVm('good', { strategy: 'Halted' });
    const bad = tinyVm('bad', { strategy: 'Halted' }).replace('runStrategy', 'runStratgy');
    const file = userFile('mixed.yaml', `${good}---\n${bad}`);
    const { code, stdout, stderr } = await run('apply', '-f', file);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/mixed\.yaml:\d+:\d+: spec\.runStratgy: unknown field/);
    expect(existsSync(world.file('good'))).toBe(false);
    expect((await run('apply', '-f', join(world.dir, 'nothing'))).code).toBe(1);
  });
});

test('apply sends no Secret, nor what stands beside it', async () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: hunter2}\n';
  const file = userFile('keys.yaml', `${tinyVm('keys', { strategy: 'Halted' })}---\n${secret}`);
  const { code, stdout, stderr } = await run('apply', '-f', file);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/keys\.yaml:\d+:1: kind: a Secret is not sent to the daemon: save it/);
  expect(existsSync(world.file('keys'))).toBe(false);
});

describe('edit', () => {
  /** An editor that runs these lines of sh on the file `$1`; each call leaves the text it was given in `seen`. */
  async function edit(
    name: string,
    script: string,
    ...args: readonly string[]
  ): Promise<Ran & { seen: readonly string[] }> {
    const log = join(world.dir, `seen-${name}`);
    rmSync(log, { force: true });
    const editor = userFile(
      `editor-${name}`,
      `#!/bin/sh\ncat "$1" >> ${log}\nprintf '\\f' >> ${log}\n${script}\n`,
    );
    chmodSync(editor, 0o755);
    const env = { SOLOVIRT_SOCKET: world.socket, EDITOR: editor, TMPDIR: world.dir };
    const ran = await runMain(['edit', name, ...args], env);
    return { ...ran, seen: readFileSync(log, 'utf8').split('\f').slice(0, -1) };
  }

  test('saves the text as it was typed', async () => {
    const text = await given('edited');
    const { code, stdout, seen } = await edit(
      'edited',
      'sed -i "s/Halted/Manual/; s/the comment/my comment/" "$1"',
    );
    expect([code, stdout, seen]).toEqual([0, 'VM edited edited\n', [text]]);
    expect(world.read('edited')).toBe(
      text.replace('Halted', 'Manual').replace('the comment', 'my comment'),
    );
  });

  test('saves nothing that was not changed, or emptied', async () => {
    const text = await given('same');
    expect((await edit('same', ':')).stdout).toContain('no changes made');
    expect((await edit('same', ': > "$1"')).stdout).toContain('was empty');
    const failed = await edit('same', 'exit 7');
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringContaining('failed (7); nothing was saved'),
    ]);
    expect(world.read('same')).toBe(text);
  });

  test('shows what is wrong above the text, with the lines of the editor, until it is right', async () => {
    const text = await given('twice');
    const script = `if grep -q "^#! " "$1"; then sed -i "s/Sometimes/Once/" "$1"; else sed -i "s/Halted/Sometimes/" "$1"; fi`;
    const { code, stdout, seen } = await edit('twice', script);
    expect([code, stdout, seen.length]).toEqual([0, 'VM twice edited\n', 2]);
    const [, line, column] =
      /^#! twice\.yaml:(\d+):(\d+): spec\.runStrategy: Invalid/m.exec(seen[1] ?? '') ?? [];
    const named = (seen[1] ?? '').split('\n')[Number(line) - 1] ?? '';
    expect(named.slice(Number(column) - 1)).toMatch(/^Sometimes/);
    expect(world.read('twice')).toBe(text.replace('Halted', 'Once'));
  });

  test('keeps what cannot be saved', async () => {
    const text = await given('kept');
    const { code, stderr } = await edit('kept', 'sed -i "s/Halted/Sometimes/" "$1"');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/kept was not saved: .*Invalid RunStrategy/),
    ]);
    const [, file = ''] = /Your text is in (\S+)\./.exec(stderr) ?? [];
    expect(readFileSync(file, 'utf8')).toContain('Sometimes');
    rmSync(dirname(file), { recursive: true });
    const raced = await edit(
      'kept',
      `sed -i "s/Halted/Once/" "$1"; sed -i "s/Halted/Manual/" ${world.file('kept')}`,
    );
    expect([raced.code, raced.stderr]).toEqual([
      1,
      expect.stringContaining('has been changed since it was read'),
    ]);
    expect(raced.stderr).toMatch(/Your text is in/);
    expect(world.read('kept')).toBe(text.replace('Halted', 'Manual'));
  });

  test('a file that has problems can be mended, and one of several VMs alone', async () => {
    const good = tinyVm('mend-a', { strategy: 'Halted' });
    world.write(
      'mend',
      `${good}---\n${tinyVm('mend-b', { strategy: 'Halted' }).replace('Halted', 'Never')}`,
    );
    await world.untilStatus('mend-b', 'Invalid');
    expect((await edit('mend-b', 'sed -i "s/Never/Halted/" "$1"')).code).toBe(0);
    expect(world.read('mend')).toBe(`${good}---\n${tinyVm('mend-b', { strategy: 'Halted' })}`);
    const nobody = await run('edit', 'nobody');
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      expect.stringContaining('there is no VM nobody'),
    ]);
  });
});

describe('delete', () => {
  test('of VMs that are down and up', async () => {
    await given('down');
    world.write('up', tinyVm('up', { strategy: 'Always', guest: 'ignore', grace: 300 }));
    await world.untilStatus('up', 'Running');
    expect((await run('delete', 'down', 'up', '--dry-run')).stdout).toBe(
      'Dry run: VM down would be deleted\nDry run: VM up would be deleted\n',
    );
    expect([existsSync(world.file('down')), existsSync(world.file('up'))]).toEqual([true, true]);
    const first = await run('delete', 'down', 'up', 'nobody');
    expect([first.code, first.stdout]).toEqual([
      1,
      'VM down deleted\nVM up deleted; it is gone once its guest is down\n',
    ]);
    expect(first.stderr).toContain('there is no VM nobody');
    const second = await run('delete', 'up', '--force', '--wait');
    expect([second.code, second.stdout]).toEqual([
      0,
      expect.stringMatching(/^VM up deleted.*\n(up is gone after .*\n)?$/),
    ]);
    expect((await run('list', '-o', 'name')).stdout).not.toMatch(/^(up|down)$/m);
  });
});
