/** Every curl example of docs/api.md does what the page says, in the order of the page. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { World } from './daemon-harness.ts';
import { bringUp } from './waiting.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/api.md'), 'utf8');
const DEFAULT_SOCKET = '/run/solovirt/solovirt.sock';

/** Shell blocks; `refused` marks those whose commands are to be answered with an error. */
const blocks = [...PAGE.matchAll(/^```sh( refused)?\n([\s\S]*?)^```$/gm)].map(
  ([, refused, text]) => ({
    refused: refused !== undefined,
    lines: (text ?? '').trim().split('\n'),
  }),
);

test('the examples of docs/api.md work as they stand', async ({ skip }) => {
  if ((await execa('curl', ['--version'], { reject: false })).failed) return skip('no curl here');
  await using world = await World.start();
  await bringUp(world, 'demo');
  const [setup, ...examples] = blocks;
  const variables = setup?.lines.join('\n').replace(DEFAULT_SOCKET, world.socket) ?? '';
  let tried = 0;
  for (const { refused, lines } of examples) {
    for (const line of lines) {
      const { stdout } = await execa('sh', ['-c', `${variables}\n${line}`]);
      const failed = stdout.includes('"status":"Failure"');
      expect([line, stdout !== '', failed]).toEqual([line, true, refused]);
      tried += 1;
      if (/pause|restart/.test(line)) await world.until('demo', 'has settled', settled);
    }
  }
  expect(tried).toBeGreaterThan(10);
});

const settled: Parameters<World['until']>[2] = (vm) => {
  const { printableStatus, instance } = vm?.status ?? {};
  return ['Running', 'Paused'].includes(printableStatus ?? '') && instance?.stop === undefined;
};
