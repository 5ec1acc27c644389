/** Reading: one VM, a list of 300, the client's whole process; in peace, and while the daemon has its hands full. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { imagesDir } from '../../test/support/guests.ts';
import { Libvirt, libvirtIsThere } from '../contenders/libvirt.ts';
import { Solovirt } from '../contenders/solovirt.ts';
import type { Figure } from '../figures.ts';
import { atRest, timed } from '../measure.ts';

const run = promisify(execFile);
const DECLARED = 300;
const STARTED = 50;
const LISTED = 100;
const READS = 200;

export async function reads(rounds: number): Promise<readonly Figure[]> {
  return [...(await api()), await clients(rounds)];
}

async function api(): Promise<readonly Figure[]> {
  await using solovirt = await Solovirt.start();
  const { world } = solovirt;
  const name = (i: number): string => `r${i}`;
  for (let i = 0; i < DECLARED; i += 1)
    world.write(name(i), tinyVm(name(i), { strategy: 'Halted', guest: 'ignore', grace: 0 }));
  await solovirt.counts('Stopped', DECLARED);
  await atRest(world.pid);
  const calm = await readings(solovirt);
  await solovirt.command(name(0), 'start');
  const hung = await solovirt.runs(name(0));
  process.kill(hung.pid, 'SIGSTOP');
  // Somebody asks it something that it does not answer.
  const pause = `/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/${name(0)}/pause`;
  const asked = world.api('PUT', pause, {});
  const starting = Array.from({ length: STARTED }, (_, i) => world.command(name(i + 1), 'start'));
  const busy = await readings(solovirt);
  await Promise.all(starting);
  process.kill(hung.pid, 'SIGCONT');
  await asked;
  const under = `while ${STARTED} guests start and one QEMU hangs`;
  return [
    read('get', 'GET of one VM', calm.gets, 1),
    read('list', `list of ${DECLARED} VMs`, calm.lists, 10),
    read('get-busy', `GET of one VM, ${under}`, busy.gets, 1),
    read('list-busy', `list of ${DECLARED} VMs, ${under}`, busy.lists, 10),
  ];
}

interface Readings {
  readonly gets: readonly number[];
  readonly lists: readonly number[];
}

async function readings(solovirt: Solovirt): Promise<Readings> {
  const gets: number[] = [];
  const lists: number[] = [];
  for (let i = 0; i < READS; i += 1) {
    gets.push(await timed(() => solovirt.get('r299')));
    if (i % 4 === 0) lists.push(await timed(() => solovirt.list()));
  }
  return { gets, lists };
}

function read(id: string, what: string, values: readonly number[], atMost: number): Figure {
  return {
    id,
    what: `${what}, over a kept connection: the 99th of 100`,
    unit: 'ms',
    series: [{ by: 'solovirt', values }],
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
