/**
 * Serves the API socket that was handed over until standard input or SIGTERM ends it: `/quick` answers at once,
 * `/slow` once it ends, `/stream` goes on until it ends. Prints what happens.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiServer } from '../../../src/host/api-server.ts';
import { takeInherited } from '../../../src/host/inherited.ts';

const say = (text: string): unknown => process.stdout.write(`${text}\n`);
// biome-ignore lint/style/noProcessEnv: as the daemon does
const { listenFds } = takeInherited(process.env, process.pid);
const path = process.argv[2] ?? '';
try {
  const api = await ApiServer.listen({ kind: 'inherited', fds: listenFds });
  say(`listening ${listenFds.join()}`);
  process.once('SIGTERM', async () => {
    await api[Symbol.asyncDispose]();
    say('closed');
    process.exit(0);
  });
  process.once('SIGUSR2', () =>
    api.open(async (request, response) => {
      say(`request ${request.url}`);
      if (request.url === '/stream') {
        response.write('begun\n');
        api.ending.addEventListener('abort', () => response.end('over\n'));
      } else if (request.url === '/slow') {
        api.ending.addEventListener('abort', async () => {
          await sleep(20);
          response.end('slow\n');
        });
      } else if (request.url !== '/never') response.end('quick\n');
    }),
  );
  say(`reached ${await api.isReachedAt(path)}`);
} catch (error) {
  say(String(error));
}
