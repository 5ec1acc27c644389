/** Starting, stopping and crashing one guest: solovirt, QEMU alone and the peers in turn, round by round. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { imagesDir } from '../../test/support/guests.ts';
import { Libvirt, libvirtIsThere } from '../contenders/libvirt.ts';
import { PlainUnit } from '../contenders/plain-unit.ts';
import { type Line, RawQemu } from '../contenders/qemu.ts';
import { Service, serviceIsThere } from '../contenders/service.ts';
import { ended, Solovirt } from '../contenders/solovirt.ts';
import { Supervisord, supervisordIsThere } from '../contenders/supervisord.ts';
import type { Figure, Series } from '../figures.ts';
import { timed } from '../measure.ts';

const run = promisify(execFile);

/** Deaf, so that it ends only when it is made to. */
const GUEST = 'ignore';
const IMAGE = join(imagesDir, 'tiny/ignore.img');

type Readings = Map<string, number[]>;

export async function starts(rounds: number): Promise<readonly Figure[]> {
  await using solovirt = await Solovirt.start();
  const line = await firstLine(solovirt);
  await using libvirt = libvirtIsThere() ? await Libvirt.start(IMAGE) : undefined;
  await using service = serviceIsThere() ? await Service.start(GUEST) : undefined;
  const unit = service && (await PlainUnit.on(service.machine, line));
  const readings: Readings = new Map();
  const note = (key: string, value: number): void => {
    const values = readings.get(key);
    if (values === undefined) readings.set(key, [value]);
    else values.push(value);
  };
  // The first round warms up caches, and counts for nobody.
  for (let round = -1; round < rounds; round += 1) {
    const keep = round < 0 ? (): void => {} : note;
    await ownRound(solovirt, `vm${round + 1}`, keep);
    await rawRound(line, keep);
    if (service !== undefined) await serviceRound(service, keep);
    if (unit !== undefined) await unitRound(unit, keep);
    if (libvirt !== undefined) await libvirtRound(libvirt, keep);
    if (supervisordIsThere()) await supervisordRound(line, keep);
  }
  return figures((key) => readings.get(key) ?? []);
}

async function firstLine(solovirt: Solovirt): Promise<Line> {
  solovirt.world.write('first', tinyVm('first', { strategy: 'Once', guest: GUEST }));
  const { uid } = await solovirt.runs('first');
  const line = solovirt.line(uid);
  await solovirt.command('first', 'stop', { gracePeriod: 0 });
  solovirt.world.remove('first');
  await solovirt.isGone('first');
  return line;
}

type Note = (key: string, value: number) => void;

async function ownRound(solovirt: Solovirt, name: string, note: Note): Promise<void> {
  const { world } = solovirt;
  const savedAt = performance.timeOrigin + performance.now();
  world.write(name, tinyVm(name, { strategy: 'Always', guest: GUEST, grace: 0 }));
  const first = await solovirt.runs(name);
  note('save', solovirt.spawnedAt(first.uid) - savedAt);
  note('stop-halted', await timed(() => stop(solovirt, name, first.pid)));
  await solovirt.sees(name, (vm) => vm?.status.printableStatus === 'Stopped');
  note(
    'start-halted',
    await timed(async () => {
      await solovirt.command(name, 'start');
      await solovirt.runs(name);
    }),
  );
  const second = await solovirt.runs(name);
  note(
    'crash',
    await timed(async () => {
      process.kill(second.pid, 'SIGKILL');
      await solovirt.runs(name, second.uid);
    }),
  );
  await solovirt.command(name, 'stop', { gracePeriod: 0 });
  await solovirt.sees(name, (vm) => vm?.status.printableStatus === 'Stopped');
  world.write(name, tinyVm(name, { strategy: 'Manual', guest: GUEST, grace: 0 }));
  await solovirt.sees(name, (vm) => vm?.spec['runStrategy'] === 'Manual');
  note(
    'start',
    await timed(async () => {
      await solovirt.command(name, 'start');
      await solovirt.runs(name);
    }),
  );
  const third = await solovirt.runs(name);
  note('stop', await timed(() => stop(solovirt, name, third.pid)));
  await solovirt.sees(name, (vm) => vm?.status.printableStatus === 'Stopped');
  const { node, client } = solovirt.program;
  const args = [client, '--socket', world.socket, 'start', name, '--wait'];
  note('start-cold', await timed(() => run(node, args)));
  world.remove(name);
  await solovirt.isGone(name);
}

async function stop(solovirt: Solovirt, name: string, pid: number): Promise<void> {
  await solovirt.command(name, 'stop', { gracePeriod: 0 });
  await ended(pid);
}

async function rawRound(line: Line, note: Note): Promise<void> {
  let qemu: RawQemu | undefined;
  note(
    'raw',
    await timed(async () => {
      qemu = new RawQemu(line);
      await qemu.running();
    }),
  );
  note('quit', await timed(async () => await qemu?.quit()));
  await qemu?.[Symbol.asyncDispose]();
}

async function serviceRound(service: Service, note: Note): Promise<void> {
  note('service', await service.startGuest());
  await service.stopGuest();
}

async function unitRound(unit: PlainUnit, note: Note): Promise<void> {
  note('unit', await timed(() => unit.start()));
  note('unit-crash', await timed(() => unit.crash()));
  await unit.stop();
}

async function libvirtRound(libvirt: Libvirt, note: Note): Promise<void> {
  note('virsh', await timed(() => libvirt.start()));
  note('virsh-destroy', await timed(() => libvirt.destroy()));
  note('virsh-cold', await timed(() => libvirt.virsh('start', 'bench')));
  await libvirt.destroy();
}

async function supervisordRound(line: Line, note: Note): Promise<void> {
  await using supervisord = new Supervisord(line);
  const pid = await supervisord.running();
  note(
    'supervisord-crash',
    await timed(async () => {
      process.kill(pid, 'SIGKILL');
      await supervisord.running(pid);
    }),
  );
}

function figures(values: (key: string) => readonly number[]): readonly Figure[] {
  const series = (...pairs: readonly (readonly [string, string])[]): readonly Series[] =>
    pairs.flatMap(([by, key]) => (values(key).length === 0 ? [] : [{ by, values: values(key) }]));
  return [
    {
      id: 'start',
      what: 'start under Manual: command sent → guest runs, seen by a client with a kept connection',
      unit: 'ms',
      series: series(['solovirt', 'start'], ['QEMU alone', 'raw'], ['virsh', 'virsh']),
      target: {
        words: '≤ QEMU alone + 10 ms',
        isMet: (value) => value('solovirt') <= value('QEMU alone') + 10,
      },
    },
    {
      id: 'start-service',
      what: 'the same under systemd, as the package ships it: an unprivileged daemon, each VM in a unit',
      unit: 'ms',
      series: series(['solovirt', 'service'], ['QEMU alone', 'raw'], ['virsh', 'virsh']),
      target: {
        words: '≤ QEMU alone + 35 ms',
        isMet: (value) => value('solovirt') <= value('QEMU alone') + 35,
      },
    },
    {
      id: 'start-halted',
      what: 'the same under Halted: the strategy in the file is changed, too, and flushed to the disk',
      unit: 'ms',
      series: series(['solovirt', 'start-halted'], ['QEMU alone', 'raw'], ['virsh', 'virsh']),
    },
    {
      id: 'start-cold',
      what: 'start: the whole process of `solovirt start --wait`, `virsh start`, `systemctl start` of a unit with that QEMU line',
      unit: 'ms',
      series: series(
        ['solovirt', 'start-cold'],
        ['QEMU alone', 'raw'],
        ['virsh', 'virsh-cold'],
        ['systemctl', 'unit'],
      ),
      target: {
        words: '≤ QEMU alone + 80 ms',
        isMet: (value) => value('solovirt') <= value('QEMU alone') + 80,
      },
    },
    {
      id: 'save-spawn',
      what: 'a new VM file is written → QEMU is spawned',
      unit: 'ms',
      series: series(['solovirt', 'save']),
      target: { words: '≤ 60 ms', isMet: (value) => value('solovirt') <= 60 },
    },
    {
      id: 'crash',
      what: 'QEMU is killed → another one runs the guest',
      unit: 'ms',
      series: series(
        ['solovirt', 'crash'],
        ['QEMU alone', 'raw'],
        ['supervisord', 'supervisord-crash'],
        ['a systemd unit', 'unit-crash'],
      ),
      target: {
        words: '≤ QEMU alone + 15 ms',
        isMet: (value) => value('solovirt') <= value('QEMU alone') + 15,
      },
    },
    {
      id: 'stop',
      what: 'stop of a deaf guest without grace, under Manual: command sent → process gone',
      unit: 'ms',
      series: series(
        ['solovirt', 'stop'],
        ['`quit` to QEMU alone', 'quit'],
        ['virsh destroy', 'virsh-destroy'],
      ),
      target: {
        words: '≤ `quit` + 10 ms',
        isMet: (value) => value('solovirt') <= value('`quit` to QEMU alone') + 10,
      },
    },
    {
      id: 'stop-halted',
      what: 'the same under Always: the strategy in the file is changed, too, and flushed to the disk',
      unit: 'ms',
      series: series(['solovirt', 'stop-halted'], ['`quit` to QEMU alone', 'quit']),
    },
  ];
}
