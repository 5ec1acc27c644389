/** What was asked for, and how a run ended, holds over restarts of the daemon: a guest only follows its strategy. */
import { expect, test } from 'vitest';
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import { poll, World } from './daemon-harness.ts';
import { ISA_PANIC_DEVICE, type TinyVm } from './manifests.ts';
import { type Live, Vm } from './vm-handle.ts';

interface Row {
  readonly strategy: RunStrategy;
  readonly guest?: TinyVm['guest'];
  /** Done while the first daemon runs. */
  readonly before?: (vm: Vm) => Promise<unknown>;
  /** Done while no daemon runs. */
  readonly meanwhile?: (vm: Vm, live: Live) => Promise<unknown>;
  /** What the second daemon makes of it; `same` is the QEMU from before. */
  readonly after: 'same' | 'new' | 'Stopped' | 'gone';
  readonly ended?: readonly string[];
}

const start = (vm: Vm) => vm.granted('start');
const started = async (vm: Vm) => {
  await vm.granted('start');
  await vm.listening();
};
const stopped = async (vm: Vm) => {
  await vm.listening();
  await vm.granted('stop');
  await vm.is('Stopped');
};
const shutDown = (vm: Vm, live: Live) => vm.monitor(live.uid, 'system_powerdown');
const kill = async (_: Vm, { pid }: Live) => process.kill(pid, 'SIGKILL');
const edit = (strategy: RunStrategy) => async (vm: Vm) => vm.edit(strategy);

const ROWS: Readonly<Record<string, Row>> = {
  'manual-started': { strategy: 'Manual', before: started, after: 'same' },
  'manual-never-started': { strategy: 'Manual', after: 'Stopped' },
  'manual-stopped': {
    strategy: 'Manual',
    before: async (vm) => {
      await start(vm);
      await stopped(vm);
    },
    after: 'Stopped',
    ended: ['StoppedByCommand'],
  },
  'always-running': { strategy: 'Always', after: 'same' },
  'always-stopped': {
    strategy: 'Always',
    before: stopped,
    after: 'Stopped',
    ended: ['StoppedByCommand'],
  },
  'rerun-off': {
    strategy: 'RerunOnFailure',
    guest: 'off',
    before: (vm) => vm.is('Stopped'),
    after: 'Stopped',
    ended: ['GuestShutdown'],
  },
  'once-panicked': {
    strategy: 'Once',
    guest: 'panic',
    before: (vm) => vm.is('Stopped'),
    after: 'Stopped',
    ended: ['GuestPanicked'],
  },
  'once-off': {
    strategy: 'Once',
    guest: 'off',
    before: (vm) => vm.is('Stopped'),
    after: 'Stopped',
    ended: ['GuestShutdown'],
  },
  'paused-by-user': {
    strategy: 'Always',
    before: async (vm) => {
      await vm.listening();
      await vm.instance('pause');
      await vm.is('Paused');
    },
    after: 'same',
  },

  'always-shut-down-meanwhile': {
    strategy: 'Always',
    meanwhile: shutDown,
    after: 'new',
    ended: ['GuestShutdown'],
  },
  'rerun-shut-down-meanwhile': {
    strategy: 'RerunOnFailure',
    meanwhile: shutDown,
    after: 'Stopped',
    ended: ['GuestShutdown'],
  },
  'rerun-killed-meanwhile': {
    strategy: 'RerunOnFailure',
    meanwhile: kill,
    after: 'new',
    ended: ['KilledFromOutside'],
  },
  'once-killed-meanwhile': {
    strategy: 'Once',
    meanwhile: kill,
    after: 'Stopped',
    ended: ['KilledFromOutside'],
  },
  'manual-killed-meanwhile': {
    strategy: 'Manual',
    before: started,
    meanwhile: kill,
    after: 'Stopped',
    ended: ['KilledFromOutside'],
  },

  'always-halted-meanwhile': {
    strategy: 'Always',
    meanwhile: edit('Halted'),
    after: 'Stopped',
    ended: ['StoppedByFile'],
  },
  'always-manual-meanwhile': { strategy: 'Always', meanwhile: edit('Manual'), after: 'same' },
  'halted-always-meanwhile': { strategy: 'Halted', meanwhile: edit('Always'), after: 'new' },
  'always-removed-meanwhile': {
    strategy: 'Always',
    meanwhile: async (vm) => vm.world.remove(vm.name),
    after: 'gone',
  },
};

const NONE: Live = { uid: '', pid: 0 };

/** The instance that runs when the first daemon is killed, if any. */
async function prepare(world: World, name: string, row: Row): Promise<{ vm: Vm; live: Live }> {
  const { strategy, guest = 'obey' } = row;
  const vm = await Vm.known(world, name, { strategy, guest, devices: ISA_PANIC_DEVICE });
  await row.before?.(vm);
  const runs = row.after === 'same' || row.meanwhile !== undefined;
  if (!runs || strategy === 'Halted') return { vm, live: NONE };
  if (row.before === undefined) await vm.listening();
  const { instance } = await vm.status();
  return { vm, live: { uid: instance?.uid ?? '', pid: instance?.pid ?? 0 } };
}

async function expectAfter(vm: Vm, live: Live, row: Row): Promise<void> {
  if (row.after === 'gone') {
    await vm.until('is gone', (v) => v === undefined);
    return;
  }
  if (row.after === 'new') await vm.running(live.uid);
  else if (row.after === 'Stopped') await vm.is('Stopped');
  const { instance, runHistory } = await vm.status();
  if (row.after === 'same') expect(instance).toMatchObject(live);
  expect(runHistory.map(({ verdict }) => verdict.reason)).toEqual(row.ended ?? []);
}

test('over a restart of the daemon', async () => {
  await using world = await World.start();
  const rows = Object.entries(ROWS);
  const vms = await Promise.all(
    rows.map(async ([name, row]) => ({ row, ...(await prepare(world, name, row)) })),
  );
  await world.endDaemon();
  await Promise.all(vms.map(({ vm, live, row }) => row.meanwhile?.(vm, live)));
  const ending = vms.filter(({ row }) => row.meanwhile === shutDown || row.meanwhile === kill);
  const going = new Set(ending.map(({ live }) => live.pid));
  await poll('the guests are gone', () => !world.liveQemus().some((pid) => going.has(pid)));
  await world.startDaemon();
  const checks = await Promise.allSettled(
    vms.map(async ({ vm, live, row }) => {
      await expectAfter(vm, live, row).catch((cause: unknown) => {
        throw new Error(`${vm.name}: ${String(cause)}`, { cause });
      });
    }),
  );
  const broken = checks.filter((check) => check.status === 'rejected');
  expect(broken.map(({ reason }) => String(reason))).toEqual([]);

  // And over one more, in which nothing happens at all.
  const before = await Promise.all(vms.map(({ vm }) => statusOf(vm)));
  await world.endDaemon();
  await world.startDaemon();
  const known = vms.filter(({ row }) => row.after !== 'gone');
  await Promise.all(
    known.map(({ vm, row }) =>
      vm.until('is as before', (v) =>
        row.after === 'Stopped'
          ? v?.status.printableStatus === 'Stopped'
          : v?.status.instance?.runState !== undefined,
      ),
    ),
  );
  expect(await Promise.all(vms.map(({ vm }) => statusOf(vm)))).toEqual(before);
});

async function statusOf(vm: Vm): Promise<object> {
  const { code, body } = await vm.world.api(
    'GET',
    `/apis/kubevirt.io/v1/namespaces/default/virtualmachines/${vm.name}`,
  );
  if (code !== 200) return { name: vm.name, code };
  const { runStrategy, printableStatus, runHistory, instance } = body.status;
  return {
    name: vm.name,
    runStrategy,
    printableStatus,
    runHistory,
    uid: instance?.uid,
    pid: instance?.pid,
  };
}
