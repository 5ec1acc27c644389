/**
 * Plays the first session of a new user on a real guest and writes down what the terminal shows:
 *
 *     npm run transcript:session        rewrites docs/first-session.md (about half a minute)
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { World } from '../test/e2e/daemon-harness.ts';
import { play } from '../test/e2e/session.ts';
import { plain } from './lib/terminal-text.ts';

const PAGE = resolve(import.meta.dirname, '../docs/first-session.md');

await using world = await World.start();
const blocks: string[] = [];
await play(world, ({ words, line }, { text }) => {
  const shown = plain(text.replaceAll(world.images, '/var/lib/solovirt/images'));
  const said = shown === '' ? [] : [shown];
  blocks.push(
    [...(words === '' ? [] : [`${words}\n`]), '```console', `$ ${line}`, ...said, '```'].join('\n'),
  );
});
writeFileSync(
  PAGE,
  `# A first session

The record of a terminal: a VM is created, watched, broken in two ways, looked into, mended, stopped and deleted, on a real guest.
Written by \`npm run transcript:session\`; do not edit.

${blocks.join('\n\n')}
`,
);
