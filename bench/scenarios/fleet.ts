/** 200 guests: started at once, taken over by another daemon, the same beside 800 that are only declared, left alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { type Line, RawQemu } from '../contenders/qemu.ts';
import { Solovirt } from '../contenders/solovirt.ts';
import type { Figure } from '../figures.ts';
import { atRest, cpuMs, residentMiB, timed, wakeUps } from '../measure.ts';

const RUNNING = 200;
/** Takes nothing of the host's processors: 200 that wake 25 times a second would take most of two. */
const GUEST = 'rest';
const DECLARED = 1000;
const IDLE_MS = 60_000;
const ADOPTIONS = 5;

export async function fleet(): Promise<readonly Figure[]> {
  await using solovirt = await Solovirt.start();
  const { world } = solovirt;
  await atRest(world.pid);
  const empty = residentMiB(world.pid);
  const line = await firstLine(solovirt);
  const loop = await timed(() => shellLoop(line));
  const own = await timed(async () => {
    for (let i = 0; i < RUNNING; i += 1)
      world.write(`m${i}`, tinyVm(`m${i}`, { strategy: 'Always', guest: GUEST, grace: 0 }));
    await solovirt.counts('Running', RUNNING);
  });
  const adoption = await adoptions(solovirt);
  for (let i = RUNNING; i < DECLARED; i += 1)
    world.write(`m${i}`, tinyVm(`m${i}`, { strategy: 'Halted' }));
  await solovirt.counts('Stopped', DECLARED - RUNNING);
  const full = residentMiB(world.pid);
  const idle = await leftAlone(world.pid);
  const rested = residentMiB(world.pid);
  const fullAdoption = await adoptions(solovirt);
  return [
    {
      id: 'mass-start',
      what: `${RUNNING} guests from files: first file written → all run; a loop over the same QEMU lines`,
      unit: 'ms',
      series: [one('solovirt', own), one('QEMU alone', loop)],
      target: {
        words: '≤ QEMU alone + 10 %',
        isMet: (value) => value('solovirt') <= value('QEMU alone') * 1.1,
      },
    },
    {
      id: 'adoption',
      what: `a new daemon is started → its API shows ${RUNNING} guests of the old one running`,
      unit: 'ms',
      series: [{ by: 'solovirt', values: adoption }],
      target: { words: '≤ 1000 ms', isMet: (value) => value('solovirt') <= 1000 },
    },
    {
      id: 'adoption-full',
      what: `the same beside ${DECLARED - RUNNING} VMs that are only declared`,
      unit: 'ms',
      series: [{ by: 'solovirt', values: fullAdoption }],
    },
    {
      id: 'memory-empty',
      what: 'resident memory of the daemon without a VM',
      unit: 'MiB',
      series: [one('solovirt', empty)],
      target: { words: '≤ 70 MiB', isMet: (value) => value('solovirt') <= 70 },
    },
    {
      id: 'memory-full',
      what: `resident memory of the daemon with ${DECLARED} VMs, ${RUNNING} of them running: once they are shown, and a minute later`,
      unit: 'MiB',
      series: [one('solovirt', full), one('a minute later', rested)],
      target: {
        words: '≤ 70 MiB + 100 kB for each VM',
        isMet: (value) => value('solovirt') <= 70 + (DECLARED * 100) / 1024,
      },
    },
    {
      id: 'idle-cpu',
      what: `processor time of the daemon with ${RUNNING} running guests, left alone for ${IDLE_MS / 1000} s, in per cent of a core`,
      unit: '%',
      series: [one('solovirt', idle.cpu)],
      target: { words: '< 0.1 %', isMet: (value) => value('solovirt') < 0.1 },
    },
    {
      id: 'idle-wake-ups',
      what: 'wake-ups of the daemon meanwhile',
      unit: '/min',
      series: [one('solovirt', idle.wakeUps)],
      target: { words: 'none that is periodic', isMet: (value) => value('solovirt') <= 5 },
    },
  ];
}

async function firstLine(solovirt: Solovirt): Promise<Line> {
  solovirt.world.write('first', tinyVm('first', { strategy: 'Once', guest: GUEST, grace: 0 }));
  const { uid } = await solovirt.runs('first');
  const line = solovirt.line(uid);
  solovirt.world.remove('first');
  await solovirt.isGone('first');
  return line;
}

/** As `for line in …; do $line & done` does. */
async function shellLoop(line: Line): Promise<void> {
  const qemus = Array.from({ length: RUNNING }, () => new RawQemu(line));
  await Promise.all(qemus.map((qemu) => qemu.running()));
  // Not part of it, but quick beside it.
  await Promise.all(qemus.map((qemu) => qemu[Symbol.asyncDispose]()));
}

async function leftAlone(pid: number): Promise<{ readonly cpu: number; readonly wakeUps: number }> {
  // What the last change set going, its garbage included, has come to rest.
  await atRest(pid);
  const before = { cpu: cpuMs(pid), wakeUps: wakeUps(pid) };
  await sleep(IDLE_MS);
  return {
    cpu: ((cpuMs(pid) - before.cpu) / IDLE_MS) * 100,
    wakeUps: ((wakeUps(pid) - before.wakeUps) / IDLE_MS) * 60_000,
  };
}

async function adoptions(solovirt: Solovirt): Promise<readonly number[]> {
  const values: number[] = [];
  for (let round = 0; round < ADOPTIONS; round += 1) {
    await solovirt.endDaemon();
    values.push(
      await timed(async () => {
        await solovirt.startDaemon();
        await solovirt.counts('Running', RUNNING);
      }),
    );
  }
  return values;
}

function one(
  by: string,
  value: number,
): { readonly by: string; readonly values: readonly number[] } {
  return { by, values: [value] };
}
