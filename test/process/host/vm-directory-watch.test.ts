/** Which files the watch says are worth a look. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchDirectory } from '../../../src/host/vm-directory-watch.ts';
import { createManifest, replaceManifest } from '../../../src/host/write-manifest.ts';
import { temporaryDirectory, until } from './support.ts';

test('what is written through the daemon asks for a look at that file, not at all of them', async () => {
  await using tmp = await temporaryDirectory();
  const web = join(tmp.path, 'web.yaml');
  await writeFile(web, 'a: 1\n');
  const hints: (string | undefined)[] = [];
  const watch = await watchDirectory(tmp.path, {
    onHint: (path) => hints.push(path),
    onBroken: (reason) => expect.unreachable(reason),
  });
  try {
    await replaceManifest(web, 'a: 1\n', 'a: 2\n');
    await until('the change is told', () => hints.includes(web));
    const made = await createManifest(tmp.path, ['db.yaml'], 'a: 1\n');
    await until('the new file is told', () => hints.includes(made));
    expect(new Set(hints)).toEqual(new Set([web, made]));
    await writeFile(join(tmp.path, '..data'), '');
    await until('anything else is about all of them', () => hints.includes(undefined));
  } finally {
    await watch.close();
  }
});
