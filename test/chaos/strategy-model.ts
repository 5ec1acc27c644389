/**
 * What run strategies promise, as a machine of its own: written from the design (sections 3 and 4) and the tables of
 * docs/run-strategies.md, not from the daemon's code. One `World` is one way in which things may stand.
 */
import type { Strategy } from './fleet.ts';
import type { Verb } from './schedule.ts';

export interface World {
  readonly strategy: Strategy;
  readonly last: 'NeverRan' | 'Succeeded' | 'Failed' | 'Stopped';
  /** A start that was asked for and has not happened yet. */
  readonly wish: boolean;
  /** The instance that lives. */
  readonly live?: string;
  /** Who wants it to end. */
  readonly stop?: 'command' | 'file';
  /** The document is gone, or was never there. */
  readonly removed: boolean;
}

export const NOTHING: World = { strategy: 'Manual', last: 'NeverRan', wish: false, removed: true };

/** An instance-less VM that its strategy wants to run. */
const STARTS: Readonly<Record<Strategy, readonly World['last'][]>> = {
  Always: ['NeverRan', 'Succeeded', 'Failed', 'Stopped'],
  RerunOnFailure: ['NeverRan', 'Failed'],
  Once: ['NeverRan'],
  Manual: [],
  Halted: [],
};

/** What a command writes into the file; nothing where the strategy stays. */
const WRITES: Readonly<Partial<Record<Strategy, Partial<Record<Verb, Strategy>>>>> = {
  Always: { stop: 'Halted' },
  RerunOnFailure: { stop: 'Halted' },
  Once: { stop: 'Halted' },
  Halted: { start: 'Always' },
};

/** An instance-less VM is about to get an instance, now or after its backoff. */
export function wantsStart(world: World): boolean {
  if (world.removed || world.live !== undefined) return false;
  return world.wish || STARTS[world.strategy].includes(world.last);
}

export function afterWrite(world: World, strategy: Strategy): World {
  // Removed and without an instance: forgotten, so the file declares a VM that never ran.
  if (world.removed && world.live === undefined) return { ...NOTHING, strategy, removed: false };
  const { stop, ...rest } = withStrategy({ ...world, removed: false }, strategy);
  const begun = strategy === 'Halted' && world.live !== undefined ? 'file' : undefined;
  const by = stop ?? begun;
  return by === undefined ? rest : { ...rest, stop: by };
}

export function afterRemoval(world: World): World {
  if (world.live === undefined) return NOTHING;
  return { ...world, removed: true, stop: world.stop ?? 'file' };
}

/** Undefined where the command would have been refused. */
export function afterCommand(world: World, verb: Verb): World | undefined {
  if (world.removed) return undefined;
  const next = withStrategy(world, WRITES[world.strategy]?.[verb] ?? world.strategy);
  const runs = world.live !== undefined;
  switch (verb) {
    case 'start':
      if (world.wish || (runs && world.stop === undefined)) return undefined;
      return { ...next, wish: true };
    case 'stop':
      return { ...next, wish: false, ...(runs ? { stop: world.stop ?? 'command' } : {}) };
    case 'restart':
      if (world.strategy === 'Halted' || world.strategy === 'Once') return undefined;
      // An instance that was recorded just before the daemon died, and never had a QEMU, can be restarted too.
      if (!runs) return wantsStart(world) ? { ...next, wish: true } : undefined;
      return { ...next, wish: true, stop: world.stop ?? 'command' };
  }
}

/** Whether the VM may stand like this when the command is refused in words about its state. */
export function refuses(world: World, verb: Verb): boolean {
  const { strategy, live, stop, wish, removed } = world;
  if (removed) return true;
  switch (verb) {
    case 'start':
      // About to be started: it may be recorded as starting already.
      return live === undefined ? wantsStart(world) : wish || stop === undefined;
    case 'stop':
      if (live !== undefined) return strategy === 'Halted' && stop !== undefined;
      return !wish && (strategy === 'Halted' || strategy === 'Manual');
    case 'restart':
      return live === undefined || strategy === 'Halted' || strategy === 'Once';
  }
}

/** Undefined where nothing allows a start. */
export function afterStart(world: World, uid: string): World | undefined {
  return wantsStart(world) ? { ...world, wish: false, live: uid } : undefined;
}

export function afterEnd(world: World, uid: string, outcome: 'Succeeded' | 'Failed') {
  if (world.live !== uid) return undefined;
  const { live: _, stop, ...rest } = world;
  if (world.removed) return NOTHING;
  const asked = stop === 'command' ? 'Stopped' : 'NeverRan';
  return { ...rest, last: stop === undefined ? outcome : asked } satisfies World;
}

/** Switching from a strategy that clears finished instances away, or after a stop command, counts as never ran. */
function withStrategy(world: World, strategy: Strategy): World {
  if (world.strategy === strategy) return world;
  const kept = ['Manual', 'Once'].includes(world.strategy) && world.last !== 'Stopped';
  return {
    ...world,
    strategy,
    last: kept ? world.last : 'NeverRan',
    wish: world.wish && strategy !== 'Halted',
  };
}
