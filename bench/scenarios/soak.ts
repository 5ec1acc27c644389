/** Start, stop and crash for hours: what the daemon holds must not grow. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { Solovirt } from '../contenders/solovirt.ts';
import type { Figure } from '../figures.ts';
import { openFiles, residentMiB } from '../measure.ts';

const VMS = 10;
/** Each VM rests so long between its churns: two hours are to wear the daemon, not the host. */
const REST_MS = 5000;
/** The first minutes fill histories and caches up to their limits. */
const WARM_UP = 0.1;

interface Reading {
  readonly memory: number;
  readonly files: number;
  readonly database: number;
}

/** @param minutes more than ten, so that histories are full when it is first looked */
export async function soak(minutes: number): Promise<readonly Figure[]> {
  await using solovirt = await Solovirt.start();
  const { world } = solovirt;
  const names = Array.from({ length: VMS }, (_, i) => `s${i}`);
  for (const name of names)
    world.write(name, tinyVm(name, { strategy: 'Always', guest: 'ignore', grace: 0 }));
  const begin = performance.now();
  const runMs = minutes * 60_000;
  let churns = 0;
  let early: Reading | undefined;
  const churn = async (name: string): Promise<void> => {
    // In turn for each VM: after crashes alone, it would wait longer and longer.
    for (let turn = 0; performance.now() - begin < runMs; turn += 1) {
      const { uid, pid } = await solovirt.runs(name);
      if (turn % 3 === 0) process.kill(pid, 'SIGKILL');
      else if (turn % 3 === 1) await solovirt.command(name, 'restart', { gracePeriodSeconds: 0 });
      else {
        await solovirt.command(name, 'stop', { gracePeriod: 0 });
        await solovirt.sees(name, (vm) => vm?.status.printableStatus === 'Stopped');
        await solovirt.command(name, 'start');
      }
      await solovirt.runs(name, uid);
      churns += 1;
      await setTimeout(REST_MS);
      if (early === undefined && performance.now() - begin > runMs * WARM_UP)
        early = look(solovirt);
    }
  };
  await Promise.all(names.map(churn));
  const late = look(solovirt);
  const pair = (of: (reading: Reading) => number): Figure['series'] => [
    { by: 'at the end', values: [of(late)] },
    { by: `after ${WARM_UP * 100} %`, values: early === undefined ? [] : [of(early)] },
  ];
  const what = `after ${churns} starts, stops and crashes in ${minutes} minutes`;
  return [
    {
      id: 'soak-memory',
      what: `resident memory ${what}`,
      unit: 'MiB',
      series: pair((r) => r.memory),
    },
    { id: 'soak-files', what: `open files ${what}`, unit: '', series: pair((r) => r.files) },
    { id: 'soak-db', what: `state database ${what}`, unit: 'kB', series: pair((r) => r.database) },
  ];
}

function look({ world }: Solovirt): Reading {
  return {
    memory: residentMiB(world.pid),
    files: openFiles(world.pid),
    database: statSync(join(world.state, 'state.db')).size / 1024,
  };
}
