/** A monitor that says anything: the session is refused or ends, once, and nothing waits for ever. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { QmpError } from '../../src/qemu/qmp-error.ts';
import { GREETING, scriptedQmp } from '../support/scripted-qmp.ts';

const piece = fc.oneof(
  fc.constantFrom(
    GREETING,
    '{"return": {}, "id": 1}\r\n',
    '{"return": {}, "id": 2}\r\n',
    '{"error": {"class": 1}, "id": 2}\n',
    '{"event": "constructor", "data": 5, "timestamp": {"seconds": 1, "microseconds": 1}}\n',
    '{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1, "microseconds": 1}}\n',
    '{"QMP": null}\n',
    '{"id": 1}\n',
    '[]\nnull\n"x"\n',
    '\n\n',
    '{"return": ',
  ),
  fc.json().map((text) => `${text}\n`),
  fc.string({ unit: 'binary', maxLength: 50 }),
);

test('whatever it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.boolean(), async (pieces, greets) => {
      await using peer = await scriptedQmp((command, socket) => {
        if (command !== undefined) return;
        socket.end(Buffer.from((greets ? GREETING : '') + pieces.join('')));
      });
      let ends = 0;
      const over = Promise.withResolvers<void>();
      try {
        await using client = await QmpClient.connect(peer.path, {
          onEvent: () => {},
          onClose: () => {
            ends += 1;
            over.resolve();
          },
        });
        await client.execute('query-status').catch((error: unknown) => {
          expect(error).toBeInstanceOf(QmpError);
        });
        await over.promise;
        expect(ends).toBe(1);
      } catch (error) {
        expect(error).toBeInstanceOf(QmpError);
        expect(ends).toBe(0);
      }
    }),
    { numRuns: 150 },
  );
});
