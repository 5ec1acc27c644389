/**
 * The daemon's settings: names, defaults and limits, and which one wins when several places give it: flag, then
 * environment, then configuration file, then default. Pure: texts and maps in, settings or problems out.
 */
import { instancePaths, MAX_SOCKET_PATH_BYTES, readonlySocketBeside } from '../paths.ts';
import { type BackoffPolicy, DEFAULT_BACKOFF } from '../strategy/backoff.ts';
import { STRATEGY_TABLES, type StrategyTableName } from '../strategy/run-strategy.ts';
import { readConfigText } from './config-text.ts';
import { type DefaultPaths, defaultPaths } from './default-paths.ts';
import {
  absolutePath,
  choice,
  integer,
  path,
  pathOrNone,
  paths,
  program,
  range,
  word,
} from './setting-values.ts';
import {
  type ConfigProblem,
  choose,
  complain,
  flagName,
  misspeltVariables,
  type Settings,
} from './settings.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const ACCELERATOR_CHOICES = ['auto', 'kvm', 'tcg'] as const;
export type AcceleratorChoice = (typeof ACCELERATOR_CHOICES)[number];

export const LAUNCHER_CHOICES = ['auto', 'direct', 'systemd'] as const;
export type LauncherChoice = (typeof LAUNCHER_CHOICES)[number];

export const QEMU_USER_CHOICES = ['auto', 'own', 'daemon'] as const;
export type QemuUserChoice = (typeof QEMU_USER_CHOICES)[number];

/** Everything the daemon can be told. All paths are absolute. */
export interface DaemonConfig {
  readonly vmsDir: string;
  readonly imagesDir: string;
  /** Directories besides `imagesDir` that the disks of VMs may lie in. */
  readonly diskRoots: readonly string[];
  /** Credentials for registries, where that file exists. */
  readonly registryAuth: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly socketPath: string;
  /** Group that may use the socket, by name. */
  readonly socketGroup: string;
  /** Socket of those who may look but not touch; absent: there is none. */
  readonly readonlySocketPath?: string;
  /** Group that may use that one, by name. */
  readonly readonlySocketGroup: string;
  readonly accel: AcceleratorChoice;
  /** What starts QEMU: the daemon itself, or the service manager. `auto`: the latter where its units are. */
  readonly launcher: LauncherChoice;
  /** Whether the direct launcher gives each QEMU a user of its own; `auto`: where that user can use its files. */
  readonly qemuUser: QemuUserChoice;
  /** Numbers of those users, both included. */
  readonly qemuUids: { readonly first: number; readonly last: number };
  /** Path of QEMU, or a name to look up in PATH; absent: QEMU's usual name. */
  readonly qemu?: string;
  readonly logLevel: LogLevel;
  readonly strategyTable: StrategyTableName;
  readonly backoff: BackoffPolicy;
  /** Cap of each instance's `console.log`. */
  readonly consoleLogBytes: number;
  /** Cap of each instance's `stderr.log`. */
  readonly qemuLogBytes: number;
}

export interface ConfigInput {
  /** As commander gives them: `vms`, `logLevel`, … and `config`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  /** Absolute; relative paths are taken from here. */
  readonly cwd: string;
  readonly home: string;
}

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: DaemonConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Below are the users of the system and of Debian's packages. */
const LEAST_UID = 1000;
/** The two above are no users: (uid_t) -1 and what 32-bit programs make of it. */
const MOST_UID = 4_294_967_293;
/** Between systemd's dynamic users and the first of subuid(5): neither Debian nor systemd gives these to anybody. */
const DEFAULT_UIDS = { first: 70_000, last: 79_999 };

const MEBIBYTE = 1024 * 1024;
const DAY_SECONDS = 86_400;

/** Which file to read the configuration from; one that was asked for has to be there. */
export function configFilePath(input: ConfigInput): { path: string; required: boolean } {
  const asked = input.flags['config'] ?? (input.env['SOLOVIRT_CONFIG'] || undefined);
  if (asked !== undefined) return { path: absolutePath(asked, input.cwd), required: true };
  return { path: defaultPaths(input).configFile, required: false };
}

/** Chooses and checks every setting; all problems at once. */
export function mergeConfig(input: ConfigInput, file: ConfigFile | undefined): ConfigResult {
  const fromFile = file === undefined ? undefined : readConfigText(file.path, file.text);
  const settings: Settings = {
    flags: input.flags,
    env: input.env,
    file: fromFile?.values ?? new Map(),
    problems: [...misspeltVariables(input.env), ...(fromFile?.problems ?? [])],
  };
  const config = readSettings(settings, input.cwd, defaultPaths(input));
  checkSocketPaths(settings, config);
  if (config.qemuUser === 'own' && !input.isRoot)
    complain(settings, 'qemuUser', 'own needs a daemon that runs as root; use auto or daemon');
  const { backoff } = config;
  if (backoff.capSeconds < backoff.baseSeconds) {
    complain(
      settings,
      'backoff.capSeconds',
      `the cap (${backoff.capSeconds} s) is below baseSeconds (${backoff.baseSeconds} s); it must be at least that`,
    );
  }
  return settings.problems.length === 0
    ? { ok: true, config }
    : { ok: false, problems: settings.problems };
}

function readSettings(settings: Settings, cwd: string, defaults: DefaultPaths): DaemonConfig {
  const aPath = path(cwd);
  const runtimeDir = choose(settings, 'runtime', aPath, defaults.runtime);
  const socketPath = choose(settings, 'socket', aPath, `${runtimeDir}/solovirt.sock`);
  const readonlySocketPath = choose<string | undefined>(
    settings,
    'readonlySocket',
    pathOrNone(cwd),
    readonlySocketBeside(socketPath),
  );
  const qemu = choose<string | undefined>(settings, 'qemu', program(cwd), undefined);
  return {
    vmsDir: choose(settings, 'vms', aPath, defaults.vms),
    imagesDir: choose(settings, 'images', aPath, defaults.images),
    diskRoots: choose(settings, 'diskRoots', paths(cwd), []),
    registryAuth: choose(settings, 'registryAuth', aPath, defaults.registryAuth),
    stateDir: choose(settings, 'state', aPath, defaults.state),
    runtimeDir,
    socketPath,
    socketGroup: choose(settings, 'socketGroup', word, 'solovirt'),
    ...(readonlySocketPath !== undefined && { readonlySocketPath }),
    readonlySocketGroup: choose(settings, 'readonlySocketGroup', word, 'solovirt-ro'),
    accel: choose(settings, 'accel', choice(ACCELERATOR_CHOICES), 'auto'),
    launcher: choose(settings, 'launcher', choice(LAUNCHER_CHOICES), 'auto'),
    qemuUser: choose(settings, 'qemuUser', choice(QEMU_USER_CHOICES), 'auto'),
    qemuUids: choose(settings, 'qemuUids', range(LEAST_UID, MOST_UID), DEFAULT_UIDS),
    ...(qemu !== undefined && { qemu }),
    logLevel: choose(settings, 'logLevel', choice(LOG_LEVELS), 'info'),
    strategyTable: choose(settings, 'strategyTable', choice(strategyTableNames()), 'default'),
    backoff: readBackoff(settings),
    consoleLogBytes: choose(settings, 'consoleLogBytes', integer(4096, 1024 * MEBIBYTE), MEBIBYTE),
    qemuLogBytes: choose(settings, 'qemuLogBytes', integer(4096, 1024 * MEBIBYTE), MEBIBYTE),
  };
}

function readBackoff(settings: Settings): BackoffPolicy {
  const wait = integer(1, DAY_SECONDS);
  const threshold = integer(0, DAY_SECONDS);
  const or = DEFAULT_BACKOFF;
  return {
    baseSeconds: choose(settings, 'backoff.baseSeconds', wait, or.baseSeconds),
    capSeconds: choose(settings, 'backoff.capSeconds', wait, or.capSeconds),
    unstableFailedSeconds: choose(
      settings,
      'backoff.unstableFailedSeconds',
      threshold,
      or.unstableFailedSeconds,
    ),
    unstableSucceededSeconds: choose(
      settings,
      'backoff.unstableSucceededSeconds',
      threshold,
      or.unstableSucceededSeconds,
    ),
  };
}

function strategyTableNames(): readonly StrategyTableName[] {
  return Object.keys(STRATEGY_TABLES) as StrategyTableName[];
}

/** A longer path would be cut off, or refused, by the kernel: better to hear of it at the start. */
function checkSocketPaths(settings: Settings, config: DaemonConfig): void {
  const uid = '00000000-0000-0000-0000-000000000000';
  const longest = instancePaths(config.stateDir, config.runtimeDir, uid).qmpSocket;
  const excess = byteLength(longest) - MAX_SOCKET_PATH_BYTES;
  if (excess > 0) {
    const length = byteLength(config.runtimeDir);
    complain(
      settings,
      'runtime',
      `${config.runtimeDir} is ${length} bytes long, but at most ${length - excess} leave room for the guests' sockets in it (unix(7) allows ${MAX_SOCKET_PATH_BYTES}); give a shorter directory with --runtime`,
    );
  }
  const isUsable = checkSocketPath(settings, 'socket', config.socketPath);
  const { readonlySocketPath } = config;
  // One complaint about a directory that holds both is enough.
  if (readonlySocketPath === undefined || !isUsable) return;
  checkSocketPath(settings, 'readonlySocket', readonlySocketPath);
  if (readonlySocketPath === config.socketPath)
    complain(
      settings,
      'readonlySocket',
      `${readonlySocketPath} is the socket that everything can be done on; give another path, or none`,
    );
}

function checkSocketPath(
  settings: Settings,
  key: 'socket' | 'readonlySocket',
  socketPath: string,
): boolean {
  const length = byteLength(socketPath);
  if (length <= MAX_SOCKET_PATH_BYTES) return true;
  const orNone = key === 'readonlySocket' ? ', or none' : '';
  complain(
    settings,
    key,
    `${socketPath} is ${length} bytes long, but a socket's path may have ${MAX_SOCKET_PATH_BYTES} (unix(7)); give a shorter one with ${flagName(key)}${orNone}`,
  );
  return false;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
