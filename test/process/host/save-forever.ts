/**
 * A program that saves a record again and again in the state directory given as its argument, and prints each
 * generation once it is stored. Run by the tests as a child, to be killed.
 */
import { systemClock } from '../../../src/host/clock.ts';
import { StateDb } from '../../../src/host/state-db.ts';
import { silentLog } from './support.ts';

const { db } = StateDb.open(process.argv[2] ?? '', { clock: systemClock, log: silentLog });

function save(generation: number): void {
  db.transaction(() => {
    db.reserveResourceVersions(1);
    db.saveVm({
      namespace: 'default',
      name: 'web',
      uid: 'u',
      createdAt: 1,
      generation,
      source: { path: '/vms/web.yaml', index: 0, text: '' },
      strategy: 'Always',
      lastRun: 'NeverRan',
      backoff: { unstable: 0 },
    });
  });
  process.stdout.write(`${generation}\n`);
  setImmediate(save, generation + 1);
}

save(1);
