/**
 * A program that saves records in the state directory given as its argument until that fails, prints how, and
 * then whether everything stored before is still there. Run by the tests as a child with a small disk.
 */
import { systemClock } from '../../../src/host/clock.ts';
import { StateDb } from '../../../src/host/state-db.ts';
import { silentLog } from './support.ts';

const stateDir = process.argv[2] ?? '';
const services = { clock: systemClock, log: silentLog };
const { db } = StateDb.open(stateDir, services);
let stored = 0;
try {
  for (; stored < 1000; stored += 1) {
    db.saveVm({
      namespace: 'default',
      name: `vm-${stored}`,
      uid: 'u',
      createdAt: 1,
      generation: 1,
      source: { path: '/vms/web.yaml', index: 0, text: 'x'.repeat(2000) },
      strategy: 'Always',
      lastRun: 'NeverRan',
      backoff: { unstable: 0 },
    });
  }
} catch (error) {
  console.log(String(error));
}
console.log(stored > 0 && db.vms().length === stored ? 'all there' : `${stored} stored, some lost`);
