/**
 * What is done to the fleet, and when: a pure function of the seed and the number of minutes. A run is a row of
 * rounds; in each, actions come in at their times whatever the VMs are doing, and then everything must come to rest.
 */
import { FLEET, type Guest, type Member, type Strategy, sayable } from './fleet.ts';
import { type Random, randomFrom } from './random.ts';

export type Key = 'off' | 'panic' | 'reset' | 'crash' | 'deaf';
export type MonitorCommand = 'system_powerdown' | 'quit' | 'system_reset' | 'inject-nmi';
export type EndingSignal = 'SIGKILL' | 'SIGTERM' | 'SIGSEGV';
export type Verb = 'start' | 'stop' | 'restart';
export type InstanceVerb = 'pause' | 'unpause' | 'reset' | 'softreboot';

/** What is done to one VM or its instance. */
export type VmDeed =
  /** The guest is asked for it over its keyboard. */
  | { readonly kind: 'key'; readonly key: Key }
  /** Somebody at QEMU's second monitor. */
  | { readonly kind: 'monitor'; readonly command: MonitorCommand }
  | { readonly kind: 'signal'; readonly signal: EndingSignal }
  /** SIGSTOP, and SIGCONT after so many ms. */
  | { readonly kind: 'freeze'; readonly forMs: number }
  | { readonly kind: 'command'; readonly verb: Verb; readonly body: object }
  | { readonly kind: 'instance'; readonly verb: InstanceVerb }
  /** The file is written: a new strategy, and another template if `newTemplate`. */
  | { readonly kind: 'write'; readonly strategy: Strategy; readonly newTemplate: boolean }
  | { readonly kind: 'break-file' }
  | { readonly kind: 'remove-file' };

export type HostDeed =
  | { readonly kind: 'kill-daemon' }
  | { readonly kind: 'end-daemon' }
  /** The daemon is killed; its successor dies at its `nth` record or effect, just before or just after it. */
  | { readonly kind: 'aim'; readonly point: AimPoint; readonly nth: number }
  | { readonly kind: 'fill-disk'; readonly forMs: number };

export type AimPoint = 'before-record' | 'after-record' | 'before-effect' | 'after-effect';

export type Action = { readonly atMs: number } & (
  | { readonly vm: string; readonly deed: VmDeed }
  | { readonly vm?: undefined; readonly deed: HostDeed }
);

export interface Round {
  readonly actions: readonly Action[];
}

/** For how long actions come in; about as long again is spent on coming to rest. */
export const ROUND_MS = 20_000;
const ROUNDS_PER_MINUTE = 2;

export function schedule(seed: number, minutes: number): readonly Round[] {
  const random = randomFrom(seed);
  const count = Math.max(1, Math.round(minutes * ROUNDS_PER_MINUTE));
  return Array.from({ length: count }, () => round(random));
}

function round(random: Random): Round {
  const actions: Action[] = [...daemonDeeds(random), ...diskDeeds(random)];
  for (const member of FLEET) actions.push(...vmDeeds(random, member));
  return { actions: actions.sort((a, b) => a.atMs - b.atMs) };
}

/** Now and then a quiet round, in which the daemon stays. */
function daemonDeeds(random: Random): readonly Action[] {
  const count = random.weighted([
    [1, 0],
    [2, 2],
    [3, 4],
    [3, 8],
  ]);
  return Array.from({ length: count }, () => ({
    atMs: random.below(ROUND_MS),
    deed: random.weighted<HostDeed>([
      [4, { kind: 'kill-daemon' }],
      [1, { kind: 'end-daemon' }],
      [6, aim(random)],
    ]),
  }));
}

function aim(random: Random): HostDeed {
  const point = random.pick<AimPoint>([
    'before-record',
    'after-record',
    'after-record',
    'before-effect',
    'after-effect',
  ]);
  return { kind: 'aim', point, nth: 1 + random.below(random.pick([3, 12, 40])) };
}

function diskDeeds(random: Random): readonly Action[] {
  if (random.below(3) > 0) return [];
  return [
    {
      atMs: random.below(ROUND_MS / 2),
      deed: { kind: 'fill-disk', forMs: 1000 + random.below(6000) },
    },
  ];
}

/** Pairs that follow each other closely find a VM in the middle of something. */
function vmDeeds(random: Random, member: Member): readonly Action[] {
  const count = random.weighted([
    [1, 0],
    [2, 1],
    [3, 3],
    [3, 5],
    [1, 8],
  ]);
  let atMs = random.below(ROUND_MS);
  return Array.from({ length: count }, () => {
    const action: Action = { atMs, vm: member.name, deed: vmDeed(random, member) };
    const gap = random.pick([5, 60, 400, 3000, 8000]);
    atMs = (atMs + 1 + random.below(gap)) % ROUND_MS;
    return action;
  });
}

function vmDeed(random: Random, member: Member): VmDeed {
  return random.weighted<VmDeed>([
    [10, guestDeed(random, member.guest)],
    [4, { kind: 'signal', signal: random.pick(['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGSEGV']) }],
    [1, { kind: 'monitor', command: random.pick(['quit', 'system_reset']) }],
    [1, { kind: 'freeze', forMs: 500 + random.below(6000) }],
    [6, { kind: 'command', verb: 'start', body: random.below(5) === 0 ? { paused: true } : {} }],
    [6, stop(random)],
    [4, { kind: 'command', verb: 'restart', body: {} }],
    [3, { kind: 'instance', verb: random.pick(['pause', 'unpause', 'unpause']) }],
    [3, { kind: 'instance', verb: random.pick(['reset', 'softreboot']) }],
    [7, write(random, member)],
    [1, { kind: 'break-file' }],
    [2, { kind: 'remove-file' }],
  ]);
}

function guestDeed(random: Random, guest: Guest): VmDeed {
  switch (guest) {
    case 'witness':
      return {
        kind: 'key',
        key: random.weighted<Key>([
          [4, 'off'],
          [3, 'panic'],
          [3, 'reset'],
          [1, 'crash'],
          [2, 'deaf'],
        ]),
      };
    case 'linux':
      return {
        kind: 'monitor',
        command: random.pick(['system_powerdown', 'inject-nmi', 'system_reset']),
      };
    case 'slow':
    case 'ignore':
    case 'off-after':
    case 'panic':
    case 'watchdog':
      return { kind: 'monitor', command: 'system_powerdown' };
  }
}

function stop(random: Random): VmDeed {
  const body = random.pick([{}, {}, { gracePeriod: 0 }, { gracePeriod: 1 }]);
  return { kind: 'command', verb: 'stop', body };
}

function write(random: Random, member: Member): VmDeed {
  const strategies = sayable(member);
  const strategy = strategies[random.below(strategies.length)] ?? member.strategy;
  return { kind: 'write', strategy, newTemplate: random.below(3) === 0 };
}
