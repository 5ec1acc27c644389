/**
 * The composition root: opens the daemon's parts in order and closes them in reverse. Makes no decisions, and
 * nothing in it stops a guest.
 */
import { createServer, type Server } from 'node:http';
import type { HostInfo } from './api/contract.ts';
import { requestListener } from './api/handler.ts';
import { routes } from './api/routes.ts';
import type { DaemonConfig } from './core/config/daemon-config.ts';
import { STRATEGY_TABLES } from './core/strategy/run-strategy.ts';
import { claimSocketPath, openSocketToGroup } from './host/api-socket.ts';
import { acquireDaemonLock } from './host/daemon-lock.ts';
import { StateDb } from './host/state-db.ts';
import { VmDirectory } from './host/vm-directory.ts';
import { removeStaged } from './host/write-manifest.ts';
import { HostReport } from './host-report.ts';
import type { Clock, Logger } from './ports.ts';
import { Supervisor } from './supervisor/supervisor.ts';

export interface DaemonServices {
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Ends the daemon; guests run on. */
  readonly signal: AbortSignal;
  /** Asks for another look at the VM directory. */
  readonly onReload: (listener: () => void) => void;
}

/**
 * Runs until the signal. Resolves when everything is closed.
 * @throws DaemonRunningError, SocketInUseError, StateOpenError and the like, before anything was touched
 */
export async function runDaemon(config: DaemonConfig, services: DaemonServices): Promise<void> {
  const { clock, log, signal } = services;
  await using stack = new AsyncDisposableStack();
  const lock = acquireDaemonLock(config.stateDir);
  stack.defer(() => lock.release());
  await claimSocketPath(config.socketPath);
  const report = new HostReport(config, services);
  const { db, setAside } = StateDb.open(config.stateDir, {
    clock,
    log,
    onWriteTrouble: (trouble) => report.warn('state-write', trouble),
  });
  stack.use(db);
  if (setAside !== undefined) report.warn('state', setAside);
  const supervisor = stack.use(
    new Supervisor({
      clock,
      log,
      db,
      random: Math.random,
      settings: {
        imagesDir: config.imagesDir,
        stateDir: config.stateDir,
        runtimeDir: config.runtimeDir,
        host: () => report.qemuHost(),
        strategyTable: STRATEGY_TABLES[config.strategyTable],
        backoff: config.backoff,
        consoleLogBytes: config.consoleLogBytes,
        qemuLogBytes: config.qemuLogBytes,
      },
    }),
  );
  await supervisor.adopt();
  stack.use(await watchVms(config, services, { supervisor, report, db }));
  const rows = routes({
    supervisor,
    version: services.version,
    info: async (): Promise<HostInfo> => {
      // So that a QEMU installed meanwhile shows before the next start.
      await report.settle();
      return report.info(supervisor.board);
    },
  });
  const server = createServer(requestListener(rows, log));
  stack.defer(() => closeServer(server));
  await listen(server, config, report);
  log.info({ socket: config.socketPath, vms: config.vmsDir }, 'ready');
  await report.settle();
  await aborted(signal);
  log.info({ guests: supervisor.liveCount() }, 'stopping; guests run on');
}

interface Parts {
  readonly supervisor: Supervisor;
  readonly report: HostReport;
  readonly db: StateDb;
}

/** Name under which the directory that was last listed is remembered: an empty mount point is not that one. */
const DIRECTORY_NOTE = 'vm-directory';

async function watchVms(
  config: DaemonConfig,
  { clock, log, onReload }: DaemonServices,
  { supervisor, report, db }: Parts,
): Promise<VmDirectory> {
  await removeStaged(config.vmsDir);
  const known = db.note(DIRECTORY_NOTE);
  let trouble: string | undefined;
  let directory: VmDirectory | undefined;
  // One batch after the other: a later change must not be overtaken by an earlier one.
  let applied = Promise.resolve();
  directory = await VmDirectory.open({
    dir: config.vmsDir,
    clock,
    log,
    known: {
      files: supervisor.recordedFiles(),
      ...(known === undefined ? {} : { identity: known }),
    },
    onChanges: (changes) => {
      applied = applied
        .then(() => supervisor.filesChanged(changes, directory?.files() ?? []))
        .catch((error: unknown) => log.error({ error }, 'VM files could not be taken in'));
    },
    onTrouble: (message) => {
      trouble = message;
      report.warn('vms', message);
    },
  });
  await applied;
  if (trouble === undefined) supervisor.directoryListed();
  else supervisor.begin();
  const identity = directory.identity();
  if (identity !== undefined && identity !== known) db.saveNote(DIRECTORY_NOTE, identity);
  onReload(() => directory?.rescan());
  return directory;
}

async function listen(server: Server, config: DaemonConfig, report: HostReport): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(config.socketPath, resolve);
  await promise;
  server.off('error', reject);
  report.warn('socket', openSocketToGroup(config.socketPath, config.socketGroup));
}

/** Watches never end by themselves. */
async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
