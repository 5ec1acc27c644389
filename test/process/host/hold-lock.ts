/**
 * A program that takes the daemon lock of the directory given as its argument, prints `held` or why not, and
 * stays until it is killed. It drops what it was given and collects garbage: the lock must not depend on that.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { acquireDaemonLock } from '../../../src/host/daemon-lock.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

setInterval(() => undefined, 1000);
setImmediate(() => {
  try {
    acquireDaemonLock(process.argv[2] ?? '');
    setImmediate(() => {
      if (typeof collectGarbage === 'function') collectGarbage();
      console.log('held');
    });
  } catch (error) {
    console.log(String(error));
  }
});
