/** Endings that were asked for: by a command or by the file, obeyed or forced. */
import { tinyVm } from './manifests.ts';
import type { Ending } from './verdict-ending.ts';
import type { Guest } from './verdict-guest.ts';
import { HELD, NO_ACPI } from './verdict-manifests.ts';

const stop = (guest: Guest, body: object = {}): Promise<unknown> =>
  accepted(guest, guest.world.command(guest.name, 'stop', body));

const halt = (guest: Guest): void => {
  const { world, name } = guest;
  world.write(name, world.read(name).replace('runStrategy: Manual', 'runStrategy: Halted'));
};

async function accepted(
  guest: Guest,
  answer: ReturnType<Guest['world']['command']>,
): Promise<void> {
  const { code, body } = await answer;
  if (code !== 202) throw new Error(`${guest.name}: ${code} ${JSON.stringify(body)}`);
}

/** The guest has felt the button, and takes its time. */
async function pressed(guest: Guest): Promise<void> {
  await guest.untilEvent('POWERDOWN');
  guest.freeze();
}

/** A stop that is to be forced at once: frozen, QEMU takes the command only when the daemon is dead. */
async function forced(guest: Guest, ask: (guest: Guest) => Promise<unknown>): Promise<void> {
  guest.freeze();
  await ask(guest);
  await guest.untilIntent('quit');
}

/** What the daemon had sent may be lost with its connection; the same word then comes from here. */
async function quit(guest: Guest): Promise<void> {
  guest.thaw();
  if (guest.way === 'unwatched') await guest.control('quit').catch(() => guest.untilGone());
}

const thaw = (guest: Guest): void => guest.thaw();

const slow = (name: string): string => tinyVm(name, { strategy: 'Manual', guest: 'slow' });
const deaf = (name: string): string =>
  tinyVm(name, { strategy: 'Manual', guest: 'ignore', grace: 1 });

const OBEYED = { ready: 'running', end: thaw, outcome: 'Succeeded' } as const;
const FORCED_OFF = {
  end: quit,
  outcome: 'Succeeded',
  reason: 'ForcedOff',
  message:
    /^The guest was forced off \((quit|terminate)\) at once: no grace period was in force\.$/,
} as const;
const EXPIRED = {
  ready: 'running',
  end: quit,
  outcome: 'Failed',
  reason: 'GracePeriodExpired',
  message:
    /^The guest did not shut down within its grace period of 1 s and was forced off \((quit|terminate)\)\.$/,
} as const;

async function expired(guest: Guest): Promise<void> {
  await pressed(guest);
  await guest.untilIntent('quit');
}

export const STOP_ENDINGS: readonly Ending[] = [
  {
    ...OBEYED,
    name: 'stopped-by-command',
    manifest: slow,
    ask: async (guest) => {
      await stop(guest);
      await pressed(guest);
    },
    reason: 'StoppedByCommand',
    initiator: 'command',
    message: 'The guest shut down when a command asked it to.',
  },
  {
    ...OBEYED,
    name: 'stopped-by-file',
    manifest: slow,
    ask: async (guest) => {
      halt(guest);
      await pressed(guest);
    },
    reason: 'StoppedByFile',
    initiator: 'file',
    message:
      'The guest shut down because its file asked for it (runStrategy Halted, or the file was removed).',
  },
  {
    ...OBEYED,
    name: 'file-removed',
    manifest: slow,
    ask: async (guest) => {
      guest.world.remove(guest.name);
      await pressed(guest);
    },
    reason: 'StoppedByFile',
    initiator: 'file',
    message:
      'The guest shut down because its file asked for it (runStrategy Halted, or the file was removed).',
    removed: true,
  },
  {
    ...FORCED_OFF,
    name: 'forced-grace-0',
    manifest: (name) => tinyVm(name, { strategy: 'Manual' }),
    ready: 'running',
    ask: (guest) => forced(guest, () => stop(guest, { gracePeriod: 0 })),
    initiator: 'command',
  },
  {
    ...FORCED_OFF,
    name: 'forced-no-acpi',
    manifest: (name) => tinyVm(name, { strategy: 'Manual', domain: NO_ACPI }),
    ready: 'running',
    ask: (guest) => forced(guest, () => stop(guest)),
    initiator: 'command',
  },
  {
    ...FORCED_OFF,
    name: 'forced-never-ran',
    manifest: (name) => tinyVm(name, { strategy: 'Manual', spec: HELD }),
    ready: 'held',
    ask: (guest) =>
      forced(guest, (g) => {
        halt(g);
        return Promise.resolve();
      }),
    initiator: 'file',
  },
  {
    ...EXPIRED,
    name: 'expired-command',
    manifest: deaf,
    ask: async (guest) => {
      await stop(guest);
      await expired(guest);
    },
    initiator: 'command',
  },
  {
    ...EXPIRED,
    name: 'expired-file',
    manifest: deaf,
    ask: async (guest) => {
      halt(guest);
      await expired(guest);
    },
    initiator: 'file',
  },
];
