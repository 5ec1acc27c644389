/**
 * Brings about many endings in one World, all at the same time, and collects what solovirt says of each. What goes
 * wrong with one is the result of that one alone.
 */
import type { EventObject } from '../../src/api/contract-event.ts';
import type { ObjectList } from '../../src/api/contract-meta.ts';
import type { RunView } from '../../src/api/contract-runs.ts';
import { World } from './daemon-harness.ts';
import type { Ending } from './verdict-ending.ts';
import { diskHolder } from './verdict-endings-launch.ts';
import { Guest, type Way } from './verdict-guest.ts';
import { Props } from './verdict-props.ts';

const EVENTS = '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D';
const HOLDER = 'disk-holder';

export interface Told {
  /** With evidence; none once the VM is gone. */
  readonly runs: readonly RunView[];
  readonly events: readonly EventObject[];
}

export type Result =
  | { readonly told: Told }
  | { readonly error: unknown }
  /** What this host lacks for it. */
  | { readonly lacks: string };

interface Actor {
  readonly ending: Ending;
  guest?: Guest;
  result?: Result;
}

/** Results by name of the ending. */
export async function play(
  way: Way,
  endings: readonly Ending[],
): Promise<ReadonlyMap<string, Result>> {
  await using props = await Props.make();
  await using world = await World.start({ args: ['--qemu', props.qemu] });
  const actors = endings.map((ending): Actor => ({ ending }));
  await occupyDisk(world, props);
  await each(actors, (actor) => prepare(world, way, props, actor));
  await each(actors, (actor) => ask(world, actor));
  if (way === 'unwatched') await killDaemon(world, actors);
  props.openGate();
  await each(actors, (actor) => end(actor, props));
  await each(actors, (actor) => actor.guest?.untilGone());
  if (way === 'unwatched') await world.startDaemon();
  await each(actors, async (actor) => {
    actor.result = { told: await listen(world, actor.ending) };
  });
  return new Map(actors.map(({ ending, result }) => [ending.name, result ?? noResult(ending)]));
}

/** Does something for all that have not failed yet. */
async function each(
  actors: readonly Actor[],
  act: (actor: Actor) => Promise<void> | undefined,
): Promise<void> {
  await Promise.all(
    actors.map(async (actor) => {
      if (actor.result !== undefined) return;
      try {
        await act(actor);
      } catch (error) {
        actor.result = { error };
      }
    }),
  );
}

async function occupyDisk(world: World, props: Props): Promise<void> {
  world.write(HOLDER, diskHolder(HOLDER, props));
  await world.untilStatus(HOLDER, 'Stopped');
  await world.command(HOLDER, 'start');
  await world.untilStatus(HOLDER, 'Running');
}

async function prepare(world: World, way: Way, props: Props, actor: Actor): Promise<void> {
  const { name, manifest, ready } = actor.ending;
  const lacks = actor.ending.lacks?.(props);
  if (lacks !== undefined) {
    actor.result = { lacks };
    return;
  }
  world.write(name, manifest(name, props));
  await world.untilStatus(name, 'Stopped');
  if (ready === 'down') return;
  await world.command(name, 'start');
  const guest = await Guest.find(world, way, name);
  actor.guest = guest;
  if (ready === 'held') await world.untilStatus(name, 'Paused');
  if (ready === 'running') {
    await world.untilStatus(name, 'Running');
    await guest.untilConsole('UP');
  }
}

async function ask(world: World, { ending, guest }: Actor): Promise<void> {
  if (guest === undefined) await world.command(ending.name, 'start');
  else await ending.ask?.(guest);
}

/** An end that came before it would have been watched. */
async function killDaemon(world: World, actors: readonly Actor[]): Promise<void> {
  await world.endDaemon('SIGKILL');
  for (const actor of actors)
    if (actor.guest?.alive === false)
      actor.result ??= { error: new Error(`${actor.ending.name} ended before the daemon`) };
}

async function end({ ending, guest }: Actor, props: Props): Promise<void> {
  if (guest === undefined) return;
  if (ending.end !== undefined) await ending.end(guest, props);
  else if (ending.ready === 'held') await guest.control('cont');
}

async function listen(world: World, { name, removed }: Ending): Promise<Told> {
  if (removed) await world.until(name, 'is gone', (vm) => vm === undefined);
  else await world.untilRuns(name, 1);
  const runs = removed ? [] : await world.runs(name);
  const events = (await world.api('GET', `${EVENTS}${name}`)).body as ObjectList<EventObject>;
  return { runs, events: events.items };
}

function noResult({ name }: Ending): Result {
  return { error: new Error(`${name}: nothing came of it`) };
}
