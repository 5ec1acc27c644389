/** Which files the watch says are worth a look. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchDirectory } from '../../../src/host/vm-directory-watch.ts';
import { createManifest, replaceManifest } from '../../../src/host/write-manifest.ts';
import { temporaryDirectory, until } from './support.ts';

interface Hints extends AsyncDisposable {
  readonly seen: readonly (string | undefined)[];
  /** Waits for a hint at this file, or at all of them, that comes after what is done. */
  after(what: string, hint: string | undefined, action: () => Promise<unknown>): Promise<void>;
}

async function hintsOf(dir: string): Promise<Hints> {
  const seen: (string | undefined)[] = [];
  const watch = await watchDirectory(dir, {
    onHint: (path) => seen.push(path),
    onBroken: (reason) => expect.unreachable(reason),
  });
  return {
    seen,
    after: async (what, hint, action) => {
      const before = seen.length;
      await action();
      await until(what, () => seen.slice(before).includes(hint));
    },
    [Symbol.asyncDispose]: () => watch.close(),
  };
}

test('what is written through the daemon, or by an editor, asks for a look at that file alone', async () => {
  await using tmp = await temporaryDirectory();
  const at = (name: string) => join(tmp.path, name);
  const web = at('web.yaml');
  await writeFile(web, 'a: 1\n');
  await using hints = await hintsOf(tmp.path);
  await hints.after('a change', web, () => replaceManifest(web, 'a: 1\n', 'a: 2\n'));
  const db = at('db.yaml');
  await hints.after('a new file', db, () => createManifest(tmp.path, ['db.yaml'], 'a: 1\n'));
  await hints.after('an edit', web, async () => {
    for (const name of ['.web.yaml.swp', '4913', 'web.yaml~']) await writeFile(at(name), 'a: 3\n');
    await rm(at('4913'));
    await rename(at('web.yaml~'), web);
  });
  expect(new Set(hints.seen)).toEqual(new Set([web, db]));
});

test('ways that manifests may be linked through are about all of them, when they come, change and go', async () => {
  await using tmp = await temporaryDirectory();
  const at = (name: string) => join(tmp.path, name);
  await mkdir(at('..v1'));
  await symlink('..v1', at('..data'));
  await using hints = await hintsOf(tmp.path);
  await hints.after('a directory', undefined, () => mkdir(at('..v2')));
  await hints.after('a link that is swapped', undefined, async () => {
    await symlink('..v2', at('..next'));
    await rename(at('..next'), at('..data'));
  });
  await hints.after('a link that goes', undefined, () => rm(at('..data')));
  await hints.after('a directory that goes', undefined, () => rm(at('..v1'), { recursive: true }));
});
