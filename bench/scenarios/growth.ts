/** What one change costs beside 10, 100 and 1000 declared VMs: it must not depend on their number. */
import type { VmObject } from '../../src/api/contract.ts';
import { tinyVm } from '../../test/e2e/manifests.ts';
import { Solovirt } from '../contenders/solovirt.ts';
import type { Figure } from '../figures.ts';
import { atRest, cpuMs, timed } from '../measure.ts';

const SIZES = [10, 100, 1000] as const;
const EDITS = 50;
const VMS = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';

interface Cost {
  readonly edits: readonly number[];
  /** Processor time of the daemon for one edit, ms. */
  readonly cpu: number;
  /** The same for one that a client has it make, ms. */
  readonly cpuThrough: number;
  /** A list, for each VM in it, ms. */
  readonly lists: readonly number[];
}

export async function growth(): Promise<readonly Figure[]> {
  const costs = new Map<number, Cost>();
  for (const size of SIZES) costs.set(size, await costAt(size));
  const series = (values: (cost: Cost) => readonly number[]): Figure['series'] =>
    [...costs].map(([size, cost]) => ({ by: `${size} VMs`, values: values(cost) }));
  const flat = {
    words: '1000 VMs at most twice as much as 10',
    isMet: (value: (by: string) => number): boolean => value('1000 VMs') <= 2 * value('10 VMs'),
  };
  return [
    {
      id: 'edit',
      what: 'a file is written → the watch shows it',
      unit: 'ms',
      series: series(({ edits }) => edits),
      target: flat,
    },
    {
      id: 'edit-cpu',
      what: 'processor time of the daemon for one written file',
      unit: 'ms',
      series: series(({ cpu }) => [cpu]),
      target: flat,
    },
    {
      id: 'edit-through-cpu',
      what: 'processor time of the daemon for one file that it changes for a client',
      unit: 'ms',
      series: series(({ cpuThrough }) => [cpuThrough]),
      target: flat,
    },
    {
      id: 'list-per-vm',
      what: 'a list, for each VM in it',
      unit: 'ms',
      series: series(({ lists }) => lists),
      target: flat,
    },
  ];
}

async function costAt(size: number): Promise<Cost> {
  await using solovirt = await Solovirt.start();
  const { world } = solovirt;
  for (let i = 0; i < size; i += 1) world.write(`g${i}`, tinyVm(`g${i}`, { strategy: 'Halted' }));
  await solovirt.counts('Stopped', size);
  // What so many new files have set going is no part of what one edit costs.
  await atRest(world.pid);
  const written = await edited(solovirt, (strategy) => {
    world.write('g0', tinyVm('g0', { strategy }));
  });
  const through = await edited(solovirt, async (strategy) => {
    const vm = JSON.parse(await solovirt.get('g0')) as VmObject;
    const spec = { ...vm.spec, runStrategy: strategy };
    await solovirt.call('PUT', `${VMS}/g0`, { ...vm, spec });
  });
  const lists: number[] = [];
  for (let i = 0; i < EDITS; i += 1) lists.push((await timed(() => solovirt.list())) / size);
  return { edits: written.edits, cpu: written.cpu, cpuThrough: through.cpu, lists };
}

/** @param make changes the run strategy of the VM g0 */
async function edited(
  solovirt: Solovirt,
  make: (strategy: 'Manual' | 'Halted') => void | Promise<void>,
): Promise<Pick<Cost, 'edits' | 'cpu'>> {
  const { pid } = solovirt.world;
  const edits: number[] = [];
  const before = cpuMs(pid);
  for (let i = 0; i < EDITS; i += 1) {
    const strategy = i % 2 === 0 ? 'Manual' : 'Halted';
    edits.push(
      await timed(async () => {
        await make(strategy);
        await solovirt.sees('g0', (vm) => vm?.spec['runStrategy'] === strategy);
      }),
    );
  }
  return { edits, cpu: (cpuMs(pid) - before) / EDITS };
}
