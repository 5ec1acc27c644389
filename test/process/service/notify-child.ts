/** Does with a notifier what standard input says, one word a line, and prints its warnings. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeInherited } from '../../../src/host/inherited.ts';
import { Notifier } from '../../../src/host/notify.ts';
import { silentLog } from '../host/support.ts';

// biome-ignore lint/style/noProcessEnv: as the daemon does
const { notifyFd, watchdogUs } = takeInherited(process.env, process.pid);
const log = {
  ...silentLog,
  warn: (_: object, message: string) => process.stdout.write(`${message}\n`),
};
using notifier = new Notifier({
  ...(notifyFd === undefined ? {} : { fd: notifyFd }),
  ...(watchdogUs === undefined ? {} : { watchdogUs }),
  log,
});

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', ...words] = line.split(' ');
  const text = words.join(' ');
  if (verb === 'ready') notifier.ready();
  else if (verb === 'status') notifier.status(() => text);
  else if (verb === 'reload') await notifier.reload(async () => {});
  else if (verb === 'reload-waiting') await notifier.reload(() => sleep(Number(text)));
  else if (verb === 'reload-stuck') await notifier.reload(async () => spin(Number(text)));
  else if (verb === 'reload-stopping') await notifier.reload(async () => notifier.stopping(text));
  else if (verb === 'stopping') notifier.stopping(text);
  process.stdout.write(`done ${line}\n`);
}

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}
