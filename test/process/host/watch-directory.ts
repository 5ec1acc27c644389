/**
 * A program that watches the directory given as its argument and prints what it is told. Run by the tests as a
 * child where the whole process needs special circumstances.
 */
import { basename } from 'node:path';
import { systemClock } from '../../../src/host/clock.ts';
import { VmDirectory } from '../../../src/host/vm-directory.ts';
import { silentLog } from './support.ts';

await VmDirectory.open({
  dir: process.argv[2] ?? '',
  clock: systemClock,
  log: silentLog,
  onChanges: (changes) => {
    for (const { kind, path } of changes) console.log(`${kind} ${basename(path)}`);
  },
  onTrouble: (trouble) => console.log(`trouble ${trouble}`),
});
