/** Logs what standard input says, one JSON object a line, as the daemon does. */
import { createInterface } from 'node:readline';
import { takeInherited } from '../../../src/host/inherited.ts';
import { createLogger } from '../../../src/host/log.ts';

// biome-ignore lint/style/noProcessEnv: as the daemon does
const { journalFd } = takeInherited(process.env, process.pid);
const log = createLogger({
  level: 'info',
  format: 'json',
  ...(journalFd === undefined ? {} : { journalFd }),
});

for await (const line of createInterface({ input: process.stdin })) {
  const { msg, fail, ...fields } = JSON.parse(line) as { msg: string; fail?: string };
  if (fail === undefined) log.info(fields, msg);
  else log.error({ ...fields, error: new Error(fail, { cause: new Error('disk') }) }, msg);
}
