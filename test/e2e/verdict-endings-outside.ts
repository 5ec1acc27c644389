/** Endings that come over a guest: from strangers, from the host, from QEMU itself. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import type { Intent } from '../../src/core/model/evidence.ts';
import { appendIntent } from '../../src/qemu/intent.ts';
import { recordOomBaseline } from '../../src/qemu/oom.ts';
import { tinyVm } from './manifests.ts';
import type { Ending } from './verdict-ending.ts';
import type { Guest } from './verdict-guest.ts';
import { demoVm, HELD } from './verdict-manifests.ts';

const idle = {
  manifest: (name: string) => tinyVm(name, { strategy: 'Manual' }),
  ready: 'running',
  outcome: 'Failed',
} as const;

const signalled =
  (signal: NodeJS.Signals) =>
  (guest: Guest): void =>
    guest.signal(signal);

const terminated = (signal: number): RegExp =>
  new RegExp(
    `^Somebody ended QEMU: terminating on signal ${signal} from pid ${process.pid} \\(.+\\)\\.$`,
  );

/** As a part of solovirt that knows more would have written it; then the guest shuts down as if asked. */
const afterIntent =
  (action: Intent['action']) =>
  async (guest: Guest): Promise<void> => {
    const intent = { action, initiator: 'host', gracePeriodSeconds: 20, at: Date.now() } as const;
    await appendIntent(guest.paths, intent);
    await guest.control('system_powerdown');
  };

async function loseHost(guest: Guest): Promise<void> {
  guest.signal('SIGKILL');
  await guest.untilExit();
  rmSync(guest.paths.exit);
  const { pid, startTime } = guest.process.identity;
  writeFileSync(guest.paths.process, `${pid} ${startTime} ${randomUUID()} ${pid}\n`);
}

export const OUTSIDE_ENDINGS: readonly Ending[] = [
  {
    ...idle,
    name: 'sigterm',
    end: signalled('SIGTERM'),
    reason: 'TerminatedFromOutside',
    initiator: 'outside',
    message: terminated(15),
  },
  {
    ...idle,
    name: 'sighup-held',
    manifest: (name) => tinyVm(name, { strategy: 'Manual', spec: HELD }),
    ready: 'held',
    end: signalled('SIGHUP'),
    reason: 'TerminatedFromOutside',
    initiator: 'outside',
    message: terminated(1),
  },
  {
    ...idle,
    name: 'quit',
    end: (guest) => guest.control('quit'),
    reason: 'TerminatedFromOutside',
    initiator: 'outside',
    message: 'Somebody ended QEMU with "quit" over another monitor.',
  },
  {
    ...idle,
    name: 'sigkill',
    end: signalled('SIGKILL'),
    reason: 'KilledFromOutside',
    initiator: 'outside',
    message:
      'Somebody killed QEMU with SIGKILL; it was not solovirt, and no OOM kill is on record.',
  },
  {
    ...idle,
    name: 'out-of-memory',
    manifest: (name) => demoVm(name, { args: 'solovirt.oom=0', spec: HELD }),
    ready: 'held',
    lacks: ({ cgroup }) => (cgroup === undefined ? 'no memory cgroup can be made here' : undefined),
    end: async (guest, { cgroup }) => {
      cgroup?.add(guest.pid);
      await recordOomBaseline(guest.paths, guest.pid);
      await guest.control('cont');
    },
    reason: 'OutOfMemory',
    initiator: 'host',
    message:
      /^QEMU went beyond its memory limit, or the host ran out of memory; the kernel killed it \(.+\)\.$/,
  },
  {
    ...idle,
    name: 'sigsys',
    end: signalled('SIGSYS'),
    reason: 'SandboxViolation',
    initiator: 'host',
    message: 'QEMU made a system call that its sandbox forbids (SIGSYS).',
  },
  ...(['SIGSEGV', 'SIGABRT'] as const).map(
    (signal): Ending => ({
      ...idle,
      name: signal.toLowerCase(),
      end: signalled(signal),
      reason: 'QemuCrashed',
      initiator: 'host',
      message: `QEMU crashed with ${signal}.`,
    }),
  ),
  {
    ...idle,
    name: 'host-lost',
    // A daemon that sees the end has outlived the host's boot: there is none.
    only: 'unwatched',
    end: loseHost,
    reason: 'HostLost',
    initiator: 'host',
    message: 'The host went down without warning (power loss, crash or reset) while the guest ran.',
  },
  {
    ...idle,
    name: 'host-shutdown',
    // A daemon that sees it stops all others, too: test/e2e/drain.test.ts.
    only: 'unwatched',
    end: afterIntent('host-shutdown'),
    reason: 'HostShutdown',
    initiator: 'host',
    message: 'The guest was stopped because the host shut down or was drained.',
  },
  {
    ...idle,
    name: 'liveness-probe',
    end: afterIntent('liveness-probe-failed'),
    reason: 'LivenessProbeFailed',
    initiator: 'supervisor',
    message: 'The liveness probe failed, so the guest was stopped.',
  },
  {
    ...idle,
    name: 'nothing-known',
    end: async (guest) => {
      await guest.killShim();
      guest.signal('SIGKILL');
    },
    reason: 'Unknown',
    initiator: 'outside',
    message: 'The instance is gone, and nothing was left that tells how it ended.',
  },
  {
    ...idle,
    name: 'parent-lost',
    manifest: (name) => tinyVm(name, { strategy: 'Manual', guest: 'off', spec: HELD }),
    ready: 'held',
    end: async (guest) => {
      await guest.killShim();
      await guest.control('cont');
    },
    outcome: 'Succeeded',
    reason: 'GuestShutdown',
    initiator: 'guest',
    message: 'The guest shut itself down.',
  },
];
