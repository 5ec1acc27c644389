/** docs/first-hour.md, typed as it stands there, with an image of images/build in place of the one from the Internet. */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { commandsOn } from '../e2e/session.ts';
import { GUIDE, playGuide } from './first-hour.ts';

test('the first hour goes as the page shows', async () => {
  expect(commandsOn(resolve(import.meta.dirname, '../../docs/first-hour.md'))).toEqual(
    GUIDE.map(({ line }) => line),
  );
  const typed: string[] = [];
  await playGuide(({ line }) => typed.push(line));
  expect(typed).toEqual(GUIDE.filter(({ onHost }) => !onHost).map(({ line }) => line));
}, 3_000_000);
