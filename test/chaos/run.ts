/** One chaos run: brings the fleet up, plays the schedule round by round, and ends with nothing left. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Actor } from './actor.ts';
import { Book } from './book.ts';
import { Daemon } from './daemon.ts';
import { FLEET } from './fleet.ts';
import { Observer } from './observer.ts';
import { Place } from './place.ts';
import { processesOf, qemusAmong } from './proc.ts';
import { Rest } from './rest.ts';
import { type Round, schedule } from './schedule.ts';
import { Story, Violation } from './story.ts';

export interface Options {
  readonly seed: number;
  readonly minutes: number;
  /** The daemon's main file. */
  readonly program: string;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Report {
  readonly violation?: Violation;
  /** The last lines about the VM that the violation is of. */
  readonly story: readonly string[];
  /** Kept after a violation. */
  readonly dir: string;
  readonly figures: readonly (readonly [string, string | number])[];
}

const STORY_LINES = 50;
/** So that a VM whose guest does not stay up comes around several times in a round. */
const BACKOFF = 'backoff: {baseSeconds: 1, capSeconds: 3}';

export async function runChaos(options: Options): Promise<Report> {
  const place = new Place();
  const story = new Story(join(place.dir, 'story.jsonl'));
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const fail = (error: unknown): void => broken.reject(error);
  const daemon = new Daemon(place, story, options.program, fail);
  const book = new Book(FLEET);
  const stage = { place, story, book, daemon };
  const observer = new Observer(stage);
  const actor = new Actor(stage);
  const rest = new Rest(stage, observer);
  daemon.mayRefuse = () => book.isFull(Date.now() - 5000, Date.now());
  options.signal.addEventListener('abort', () => fail(options.signal.reason), { once: true });

  const begunAt = Date.now();
  let violation: Violation | undefined;
  let interrupted: unknown;
  try {
    observer.watch().catch(fail);
    await Promise.race([play({ ...options, ...stage, actor, rest }), broken.promise]);
  } catch (error) {
    if (error instanceof Violation) violation = error;
    else interrupted = error;
  }
  observer.stop();
  actor.stop();
  if (violation !== undefined)
    story.tell('VIOLATION', {
      invariant: violation.invariant,
      message: violation.message,
      ...(violation.vm === undefined ? {} : { vm: violation.vm }),
    });
  await cleanUp(place, daemon, violation !== undefined);
  if (interrupted !== undefined) throw interrupted;
  return {
    ...(violation === undefined ? {} : { violation }),
    story: violation === undefined ? [] : story.last(STORY_LINES, violation.vm),
    dir: place.dir,
    figures: figures({ daemon, observer, actor, rest, begunAt }),
  };
}

interface Cast {
  readonly place: Place;
  readonly story: Story;
  readonly daemon: Daemon;
  readonly actor: Actor;
  readonly rest: Rest;
}

async function play(cast: Cast & Options): Promise<void> {
  const { place, story, daemon, actor, rest, seed, minutes, say } = cast;
  const rounds = schedule(seed, minutes);
  writeFileSync(place.config, `${BACKOFF}\ndiskRoots: [${place.hostDisks}]\n`);
  writeFileSync(join(place.dir, 'schedule.json'), JSON.stringify(rounds, undefined, 1));
  for (const member of FLEET) if (member.hostDisk) place.makeHostDisk(member);
  if (!place.isSmall) say('not root: no file system can be mounted, so the disk is never filled');
  actor.mend(
    ({ member }) => member.strategy,
    () => true,
  );
  daemon.start();
  await daemon.ready();
  await rest.reach();
  for (const [index, round] of rounds.entries()) {
    story.round = index + 1;
    story.tell('round begins');
    await playRound(round, actor);
    actor.makeRoom();
    await daemon.disarm();
    actor.mend(
      ({ file }) => file.text?.strategy ?? 'Manual',
      ({ file }) => file.broken,
    );
    await daemon.ready();
    story.tell('waiting for rest');
    await rest.reach();
    say(`round ${index + 1} of ${rounds.length}: all is well`);
  }
  story.tell('all files are removed');
  for (const { name } of FLEET) actor.remove(name);
  await rest.reach();
}

/** Every action at its time, whatever became of the ones before. */
async function playRound({ actions }: Round, actor: Actor): Promise<void> {
  await Promise.all(
    actions.map(async (action) => {
      await sleep(action.atMs);
      await actor.act(action);
    }),
  );
}

/** Leaves nothing that runs and nothing that is mounted; after a violation, the files. */
async function cleanUp(place: Place, daemon: Daemon, keep: boolean): Promise<void> {
  await daemon.stop();
  for (const { pid } of qemusAmong(processesOf(place.dir))) process.kill(pid, 'SIGKILL');
  while (processesOf(place.dir).length > 0) await sleep(50);
  place.makeRoom();
  if (keep) cpSync(place.disk, join(place.dir, 'kept'), { recursive: true });
  place.remove(keep);
}

interface Counted {
  readonly daemon: Daemon;
  readonly observer: Observer;
  readonly actor: Actor;
  readonly rest: Rest;
  readonly begunAt: number;
}

function figures({ daemon, observer, actor, rest, begunAt }: Counted): Report['figures'] {
  const sorted = (map: ReadonlyMap<string, number>): (readonly [string, number])[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ['duration', `${Math.round((Date.now() - begunAt) / 1000)} s`],
    ['daemons that ended', daemon.deaths.length],
    ['  at a record or an effect', daemon.aimsHit],
    ['instances', observer.histories.instances],
    ...sorted(observer.histories.endings).map(
      ([reason, count]) => [`  ended ${reason}`, count] as const,
    ),
    ['actions', [...actor.counts.values()].reduce((sum, count) => sum + count, 0)],
    ...sorted(actor.counts).map(([kind, count]) => [`  ${kind}`, count] as const),
    ['looks at everything', observer.checks],
    ['looks at rest', rest.checks],
  ];
}
