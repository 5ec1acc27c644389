/**
 * The composition root: opens the daemon's parts in order and closes them in reverse. Makes no decisions, and
 * nothing in it stops a guest.
 */
import type { HostInfo } from './api/contract-host.ts';
import { requestListener } from './api/handler.ts';
import { lineRoutes } from './api/line-routes.ts';
import { readonlyRoutes, refusing } from './api/readonly.ts';
import { drainingWarning, renderDraining } from './api/render-draining.ts';
import { counted, RequestTally } from './api/request-tally.ts';
import { routes } from './api/routes.ts';
import { upgradeListener } from './api/websocket.ts';
import { keyOf } from './core/catalogue/catalogue.ts';
import type { DaemonConfig } from './core/config/daemon-config.ts';
import { STRATEGY_TABLES } from './core/strategy/run-strategy.ts';
import { daemonUse } from './daemon-use.ts';
import { ApiServer, type Endpoint } from './host/api-server.ts';
import { claimSocketPath, groupId, openSocketToGroup } from './host/api-socket.ts';
import { bootTime } from './host/boot-time.ts';
import { acquireDaemonLock } from './host/daemon-lock.ts';
import { saveMemory } from './host/memory.ts';
import type { Notifier } from './host/notify.ts';
import { takePrecedence } from './host/precedence.ts';
import { StateDb } from './host/state-db.ts';
import { VmDirectory } from './host/vm-directory.ts';
import { removeStaged } from './host/write-manifest.ts';
import { HostReport } from './host-report.ts';
import type { Clock, Logger } from './ports.ts';
import { preflight } from './preflight.ts';
import { chooseLauncher } from './qemu/choose-launcher.ts';
import { landlockTrouble } from './qemu/landlock.ts';
import { vmStatusLine } from './service-status.ts';
import { logEvents } from './supervisor/event-log.ts';
import { Supervisor } from './supervisor/supervisor.ts';

export interface DaemonServices {
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Ends the daemon; guests run on. */
  readonly signal: AbortSignal;
  /** Asks for another look at the VM directory; the listener resolves when it was taken. */
  readonly onReload: (listener: () => Promise<void>) => void;
  readonly manager: Notifier;
  /** Listening sockets for the API that a service manager handed over; without any, one is made. */
  readonly listenFds: readonly number[];
  /** The same for the read-only API. */
  readonly readonlyFds: readonly number[];
  /** The log goes to systemd's journal, which is to have the events of VMs too. */
  readonly journal: boolean;
}

/**
 * Runs until the signal. Resolves when everything is closed.
 * @throws LauncherError, DaemonRunningError, SocketInUseError, StateOpenError and the like, before anything was touched
 */
export async function runDaemon(config: DaemonConfig, services: DaemonServices): Promise<void> {
  const { clock, log, manager, signal } = services;
  const report = new HostReport(config, services, () => launcher.tapMaking());
  const launcher = chooseLauncher({
    ...config,
    qemuGid: groupId(QEMU_GROUP),
    onSharedUser: (vm, reason) => report.warn(`qemu-user ${keyOf(vm)}`, reason),
  });
  process.umask(launcher.umask);
  takePrecedence();
  await using stack = new AsyncDisposableStack();
  const lock = acquireDaemonLock(config.stateDir);
  stack.defer(() => lock.release());
  report.warn('landlock', await landlockTrouble());
  const endpoints = await chooseEndpoints(config, services);
  const { db, lost } = StateDb.open(config.stateDir, {
    clock,
    log,
    onWriteTrouble: (trouble) => report.warn('state-write', trouble),
  });
  stack.use(db);
  report.warn('state', lost);
  const supervisor = stack.use(
    new Supervisor({
      clock,
      log,
      db,
      random: Math.random,
      settings: {
        imagesDir: config.imagesDir,
        diskRoots: config.diskRoots,
        registryAuth: config.registryAuth,
        vmsDir: config.vmsDir,
        stateDir: config.stateDir,
        runtimeDir: config.runtimeDir,
        host: (architecture) => report.qemuHost(architecture),
        bootAt: bootTime,
        launcher,
        strategyTable: STRATEGY_TABLES[config.strategyTable],
        backoff: config.backoff,
        consoleLogBytes: config.consoleLogBytes,
        qemuLogBytes: config.qemuLogBytes,
      },
    }),
  );
  if (services.journal) stack.defer(logEvents(supervisor.events, log));
  await supervisor.adopt();
  const { api, readonlyApi } = await listen(endpoints, config, report, stack);
  const tell = (): void =>
    manager.status(() => vmStatusLine(supervisor.board, supervisor.draining !== undefined));
  stack.defer(supervisor.board.listen(tell));
  stack.defer(supervisor.onDraining(tell));
  tell();
  // Before any VM is started: their units come after this service, so that starting one waits for it.
  manager.ready();
  stack.use(await watchVms(config, services, { supervisor, report, db }));
  const requests = new RequestTally();
  const rows = routes({
    supervisor,
    daemon: daemonUse,
    requests,
    version: services.version,
    now: () => clock.now(),
    preflight: (text) =>
      preflight(text, {
        board: supervisor.board,
        roots: config,
        values: (id) => supervisor.objects.values(id),
        network: (id) => supervisor.objects.network(id),
        networks: () => supervisor.objects.allNetworks(),
        networksUp: () => supervisor.networks.up(),
        tapMaking: () => launcher.tapMaking(),
        host: (architecture) => report.qemuHost(architecture),
        acceleratorReason: () => report.info(supervisor.board).accelerator.reason,
      }),
    info: async (): Promise<HostInfo> => {
      // So that a QEMU installed meanwhile shows before the next start.
      await report.settle();
      const info = report.info(supervisor.board);
      const { draining } = supervisor;
      const warnings = [
        ...info.warnings,
        ...supervisor.warnings(),
        ...supervisor.objects.warnings(),
        ...supervisor.networks.warnings(),
      ];
      if (draining === undefined) return { ...info, warnings };
      return {
        ...info,
        draining: renderDraining(draining),
        warnings: [drainingWarning(draining), ...warnings],
      };
    },
  });
  api.open(
    counted(requestListener(rows, log, api.ending), rows, requests),
    upgradeListener(lineRoutes(supervisor), rows, log, api.ending),
  );
  const { socketPath, readonlySocketPath } = config;
  const seen = readonlyRoutes(readonlySocketPath === undefined ? refusing(rows) : rows, socketPath);
  if (readonlyApi !== undefined)
    readonlyApi.open(counted(requestListener(seen, log, readonlyApi.ending), seen, requests));
  log.info({ socket: config.socketPath, vms: config.vmsDir }, 'ready');
  saveMemory();
  await report.settle();
  await aborted(signal);
  manager.stopping(lastWords(supervisor.liveCount()));
  log.info({ guests: supervisor.liveCount() }, 'stopping; guests run on');
}

/** The group that the units of VMs run in (`systemd/`). */
const QEMU_GROUP = 'solovirt-qemu';

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
  // One batch after the other: a later change must not be overtaken by an earlier one.
  let applied = Promise.resolve();
  const directory = await VmDirectory.open({
    dir: config.vmsDir,
    clock,
    log,
    known: {
      files: supervisor.recordedFiles(),
      ...(known === undefined ? {} : { identity: known }),
    },
    onChanges: (changes, files) => {
      applied = applied
        .then(() => supervisor.filesChanged(changes, files))
        .catch((error: unknown) => log.error({ error }, 'VM files could not be taken in'));
    },
    onTrouble: (message) => {
      trouble = message;
      report.warn('vms', message);
    },
  });
  await applied;
  if (trouble === undefined) await supervisor.filesChanged([], directory.files());
  else supervisor.begin();
  const identity = directory.identity();
  if (identity !== undefined && identity !== known) remember(db, log, identity);
  onReload(async () => {
    await directory.rescan();
    await applied;
  });
  return directory;
}

/** A daemon that cannot note it down looks after its guests all the same. */
function remember(db: StateDb, log: Logger, identity: string): void {
  try {
    db.saveNote(DIRECTORY_NOTE, identity);
  } catch (error) {
    log.warn({ error }, 'the identity of the VM directory could not be stored');
  }
}

interface Endpoints {
  readonly api: Endpoint;
  /** Absent: not wanted. */
  readonly readonly?: Endpoint;
}

/**
 * What was handed over is the service manager's: nothing of it is made, changed or removed. One that hands over the
 * one socket decides about the other as well.
 * @throws SocketInUseError
 */
async function chooseEndpoints(
  { socketPath, readonlySocketPath }: DaemonConfig,
  { listenFds, readonlyFds }: DaemonServices,
): Promise<Endpoints> {
  const api = await chooseEndpoint(socketPath, listenFds);
  if (readonlyFds.length > 0) return { api, readonly: { kind: 'inherited', fds: readonlyFds } };
  if (readonlySocketPath === undefined || api.kind === 'inherited') return { api };
  return { api, readonly: await chooseEndpoint(readonlySocketPath, []) };
}

async function chooseEndpoint(path: string, fds: readonly number[]): Promise<Endpoint> {
  if (fds.length > 0) return { kind: 'inherited', fds };
  await claimSocketPath(path);
  return { kind: 'path', path };
}

async function listen(
  endpoints: Endpoints,
  config: DaemonConfig,
  report: HostReport,
  stack: AsyncDisposableStack,
): Promise<{ readonly api: ApiServer; readonly readonlyApi: ApiServer | undefined }> {
  const api = stack.use(await ApiServer.listen(endpoints.api));
  report.warn('socket', await settleSocket(config, endpoints.api, api));
  if (endpoints.readonly === undefined) return { api, readonlyApi: undefined };
  const readonlyApi = stack.use(await ApiServer.listen(endpoints.readonly));
  const { readonly: at } = endpoints;
  if (at.kind === 'path')
    report.warn('readonly-socket', openSocketToGroup(at.path, config.readonlySocketGroup));
  else if (config.readonlySocketPath === undefined) report.warn('readonly-socket', NOT_WANTED);
  return { api, readonlyApi };
}

/** Nobody is to wait for an answer on it for ever, so it is served, with refusals. */
const NOT_WANTED =
  'the service manager hands over a read-only socket although the setting readonlySocket is none: everything on it is refused; systemctl mask --now solovirt-ro.socket removes it';

/** @returns what is wrong with the socket for its users, if anything is */
async function settleSocket(
  { socketPath, socketGroup }: DaemonConfig,
  endpoint: Endpoint,
  api: ApiServer,
): Promise<string | undefined> {
  if (endpoint.kind === 'path') return openSocketToGroup(socketPath, socketGroup);
  if (await api.isReachedAt(socketPath)) return undefined;
  return `who connects to ${socketPath} does not reach this daemon: the service manager listens somewhere else, or that file was removed; make ListenStream= of solovirt.socket and the setting socket agree, then restart solovirt.socket`;
}

function lastWords(guests: number): string {
  return `stopping; ${guests === 1 ? '1 guest runs' : `${guests} guests run`} on`;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
