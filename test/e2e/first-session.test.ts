/** What docs/first-session.md shows still works, command by command. */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { commandsOn, play, SESSION } from './session.ts';

test('the first session goes as its record shows', async () => {
  expect(commandsOn(resolve(import.meta.dirname, '../../docs/first-session.md'))).toEqual(
    SESSION.map(({ line }) => line),
  );
  await using world = await World.start();
  await play(world);
});
