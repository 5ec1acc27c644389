/**
 * Writes the files that are made from the code: `npm run generate`. Tests say when they are out of date.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { manifestJsonSchema } from '../src/core/schema/json-schema.ts';
import { compatibilityPage } from './lib/compatibility-page.ts';
import { manifestPage } from './lib/manifest-page.ts';

const root = join(import.meta.dirname, '..');

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

write('docs/schema/virtualmachine.json', `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
write('docs/compatibility.md', compatibilityPage());
write('docs/manifests.md', manifestPage(readFileSync(join(root, 'docs/manifests.md'), 'utf8')));
