/** Reading: one VM, a list of 300, the client's whole process; in peace, and while the daemon has its hands full. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { imagesDir } from '../../test/support/guests.ts';
import { Constant } from '../contenders/constant.ts';
import { Libvirt, libvirtIsThere } from '../contenders/libvirt.ts';
import { Solovirt } from '../contenders/solovirt.ts';
import type { Figure, Series } from '../figures.ts';
import { atRest, first, timed } from '../measure.ts';

const run = promisify(execFile);
const DECLARED = 300;
const STARTED = 50;
const LISTED = 100;
const READS = 2000;
/** Read first and not counted, by a client that has come to its speed then. */
const WARM_UP = 500;
const ROUNDS_OF_STARTS = 4;
/** The one that is read. */
const READ = 'r299';
const FLOOR = 'a Node that answers a constant';

const nameOf = (i: number): string => `r${i}`;

export async function reads(rounds: number): Promise<readonly Figure[]> {
  return [...(await api()), await clients(rounds)];
}

async function api(): Promise<readonly Figure[]> {
  await using solovirt = await Solovirt.start();
  const { world, program } = solovirt;
  for (let i = 0; i < DECLARED; i += 1)
    world.write(nameOf(i), tinyVm(nameOf(i), { strategy: 'Halted', guest: 'ignore', grace: 0 }));
  await solovirt.counts('Stopped', DECLARED);
  const answers = [await solovirt.get(READ), await solovirt.list()];
  using constant = await Constant.start(program, world.dir, answers);
  await atRest(world.pid);
  const contenders = { solovirt, constant };
  await readings(contenders, times(WARM_UP));
  const calm = await readings(contenders, times(READS));
  const busy = await first(() => whileStarting(contenders));
  const under = `while ${STARTED} guests start and one QEMU hangs`;
  return [
    read('get', 'GET of one VM', calm.get, 1),
    read('list', `list of ${DECLARED} VMs`, calm.list, 10),
    { ...read('get-busy', `GET of one VM, ${under}`, busy.get, 1), fickle: true },
    { ...read('list-busy', `list of ${DECLARED} VMs, ${under}`, busy.list, 10), fickle: true },
  ];
}

function times(count: number): () => boolean {
  let left = count;
  return () => {
    left -= 1;
    return left >= 0;
  };
}

interface Contenders {
  readonly solovirt: Solovirt;
  readonly constant: Constant;
}

async function whileStarting(contenders: Contenders): Promise<Readings> {
  const { solovirt } = contenders;
  const { world } = solovirt;
  await solovirt.command(nameOf(0), 'start');
  const hung = await solovirt.runs(nameOf(0));
  process.kill(hung.pid, 'SIGSTOP');
  // Somebody asks it something that it does not answer.
  const pause = `/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/${nameOf(0)}/pause`;
  const asked = world.api('PUT', pause, {});
  const names = Array.from({ length: STARTED }, (_, i) => nameOf(i + 1));
  const found: Readings[] = [];
  for (let round = 0; round < ROUNDS_OF_STARTS; round += 1) {
    let over = false;
    const started = Promise.all(names.map((name) => world.command(name, 'start')))
      .then(() => Promise.all(names.map((name) => solovirt.runs(name))))
      .finally(() => {
        over = true;
      });
    found.push(await readings(contenders, () => !over));
    await started;
    for (const name of names) await solovirt.command(name, 'stop');
    await solovirt.counts('Stopped', DECLARED - 1);
  }
  process.kill(hung.pid, 'SIGCONT');
  await asked;
  return { get: joined(found.map(({ get }) => get)), list: joined(found.map(({ list }) => list)) };
}

interface Readings {
  readonly get: readonly Series[];
  readonly list: readonly Series[];
}

/** Each read and its floor take turns, so that what the host does meanwhile hits both. */
async function readings(
  { solovirt, constant }: Contenders,
  more: () => boolean,
): Promise<Readings> {
  const own = { get: [] as number[], list: [] as number[] };
  const floor = { get: [] as number[], list: [] as number[] };
  while (more()) {
    own.get.push(await timed(() => solovirt.get(READ)));
    floor.get.push(await timed(() => constant.read(0)));
    own.list.push(await timed(() => solovirt.list()));
    floor.list.push(await timed(() => constant.read(1)));
  }
  const both = (key: 'get' | 'list'): readonly Series[] => [
    { by: 'solovirt', values: own[key] },
    { by: FLOOR, values: floor[key] },
  ];
  return { get: both('get'), list: both('list') };
}

function joined(rounds: readonly (readonly Series[])[]): readonly Series[] {
  return ['solovirt', FLOOR].map((by) => ({
    by,
    values: rounds.flat().flatMap((series) => (series.by === by ? series.values : [])),
  }));
}

function read(id: string, what: string, series: readonly Series[], atMost: number): Figure {
  return {
    id,
    what: `${what}, over a kept connection: the 99th of 100`,
    unit: 'ms',
    series,
    quantile: 0.99,
    target: { words: `≤ ${atMost} ms`, isMet: (value) => value('solovirt') <= atMost },
  };
}

async function clients(rounds: number): Promise<Figure> {
  await using solovirt = await Solovirt.start();
  const image = `${imagesDir}/tiny/ignore.img`;
  await using libvirt = libvirtIsThere() ? await Libvirt.start(image) : undefined;
  for (let i = 0; i < LISTED; i += 1) {
    solovirt.world.write(`c${i}`, tinyVm(`c${i}`, { strategy: 'Halted' }));
    await libvirt?.define(`c${i}`, image);
  }
  await solovirt.counts('Stopped', LISTED);
  const { node, client } = solovirt.program;
  const own: number[] = [];
  const floor: number[] = [];
  const virsh: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    own.push(await timed(() => run(node, [client, '--socket', solovirt.world.socket, 'list'])));
    floor.push(await timed(() => run(node, ['-e', '0'])));
    if (libvirt !== undefined) virsh.push(await timed(() => libvirt.virsh('list', '--all')));
  }
  return {
    id: 'list-cold',
    what: `\`solovirt list\` with ${LISTED} VMs, \`virsh list --all\`: the whole process`,
    unit: 'ms',
    series: [
      { by: 'solovirt', values: own },
      { by: 'a Node that does nothing', values: floor },
      ...(virsh.length === 0 ? [] : [{ by: 'virsh', values: virsh }]),
    ],
    target: { words: '≤ 60 ms', isMet: (value) => value('solovirt') <= 60 },
  };
}
