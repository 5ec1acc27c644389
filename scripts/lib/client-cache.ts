/**
 * Makes `client.cache` beside the client: `NODE scripts/lib/client-cache.ts DIR`, where NODE is the one that will run it.
 * A list that finds no daemon has run most of what every verb runs, so that this is in the cache too.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Script } from 'node:vm';

interface Starter {
  readonly compile: () => Script;
  readonly run: (script: Script) => void;
}

const dir = resolve(process.argv[2] ?? '.');
const starter = join(dir, 'start-client.cjs');
const { compile, run } = createRequire(import.meta.url)(starter) as Starter;
const script = compile();
process.argv = [process.execPath, starter, '--socket', join(dir, 'no-socket'), 'list'];
process.stderr.write = () => true;
process.once('exit', () => {
  writeFileSync(join(dir, 'client.cache'), script.createCachedData(), { mode: 0o644 });
  process.exitCode = 0;
});
run(script);
