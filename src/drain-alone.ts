/**
 * Draining where no daemon lives to be asked: this process stands in for one, with its lock and its records, but
 * without its socket and its eye on the VM files, until every guest is down.
 */
import { existsSync } from 'node:fs';
import type { DaemonConfig } from './core/config/daemon-config.ts';
import type { VmIdentity } from './core/model/virtual-machine.ts';
import { STRATEGY_TABLES } from './core/strategy/run-strategy.ts';
import { groupId } from './host/api-socket.ts';
import { bootTime } from './host/boot-time.ts';
import { acquireDaemonLock } from './host/daemon-lock.ts';
import { StateDb } from './host/state-db.ts';
import type { Clock, Logger } from './ports.ts';
import { chooseLauncher } from './qemu/choose-launcher.ts';
import type { Board } from './supervisor/board.ts';
import { Supervisor } from './supervisor/supervisor.ts';

export interface LoneDrain {
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the waiting; guests that still run are let go of. */
  readonly signal: AbortSignal;
  /** Only look who runs. */
  readonly dryRun: boolean;
  /** Called at the beginning and whenever a guest has ended. */
  readonly onGuests: (guests: readonly VmIdentity[]) => void;
}

export interface Drained {
  /** Those that still run. */
  readonly left: readonly VmIdentity[];
  /** Guests that nothing is known of but that they run, one sentence each. */
  readonly strays: readonly string[];
}

/** Beyond the longest grace period: QEMU has to be found, and the forced rungs need some seconds. */
const SLACK_MS = 30_000;

/**
 * @throws DaemonRunningError, DaemonLockError, StateOpenError, LauncherError, before anything was touched
 */
export async function drainAlone(config: DaemonConfig, drain: LoneDrain): Promise<Drained> {
  const { clock, log } = drain;
  // Where no daemon ever was, none of its guests is, and no trace of one is to be left.
  if (!existsSync(config.stateDir)) return { left: [], strays: [] };
  const launcher = chooseLauncher({
    ...config,
    qemuGid: groupId('solovirt-qemu'),
    onSharedUser: () => {},
  });
  process.umask(launcher.umask);
  await using stack = new AsyncDisposableStack();
  const lock = acquireDaemonLock(config.stateDir);
  stack.defer(() => lock.release());
  const { db } = StateDb.open(config.stateDir, {
    clock,
    log,
    onWriteTrouble: (trouble) => {
      if (trouble !== undefined) log.warn({ trouble }, 'trouble');
    },
  });
  stack.use(db);
  const supervisor = stack.use(
    new Supervisor({
      clock,
      log,
      db,
      random: Math.random,
      settings: {
        ...config,
        host: () => Promise.reject(new Error('nothing is started while draining')),
        bootAt: bootTime,
        launcher,
        strategyTable: STRATEGY_TABLES[config.strategyTable],
      },
    }),
  );
  await supervisor.adopt();
  if (drain.dryRun) drain.onGuests(guestsOf(supervisor.board));
  else {
    supervisor.drain('command');
    await allDown(supervisor.board, drain);
  }
  return { left: guestsOf(supervisor.board), strays: supervisor.warnings() };
}

/** Resolves when no guest is left, when the signal says so, or when one outlives every rung of its ladder. */
async function allDown(board: Board, { signal, onGuests }: LoneDrain): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  let known = -1;
  const look = (): void => {
    const guests = guestsOf(board);
    if (guests.length === known) return;
    known = guests.length;
    onGuests(guests);
    clearTimeout(timer);
    if (guests.length === 0) resolve();
    else timer = setTimeout(resolve, patienceMs(board));
  };
  const stop = board.listen(look);
  signal.addEventListener('abort', () => resolve(), { once: true });
  look();
  if (!signal.aborted) await promise;
  stop();
  clearTimeout(timer);
}

/** Those who wait for others are asked as soon as these have ended. */
function patienceMs(board: Board): number {
  const graces = board.all().map(({ record }) => record?.instance?.gracePeriodSeconds ?? 0);
  return Math.min(Math.max(...graces) * 1000 + SLACK_MS, 2 ** 31 - 1);
}

function guestsOf(board: Board): readonly VmIdentity[] {
  return board
    .all()
    .filter(({ record }) => record?.instance !== undefined)
    .map(({ namespace, name }) => ({ namespace, name }));
}
