/**
 * What a service manager hands to the daemon in the environment: sockets to talk on, sockets to serve, the
 * watchdog's period. Names and meanings: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). Pure.
 */
import type { ConfigProblem } from '../config/settings.ts';

/**
 * Taken from the environment at the start and removed from it: they are meant for this process alone, and a child
 * that believed them would speak in the daemon's name.
 */
export const INHERITED_VARIABLES = [
  'NOTIFY_SOCKET',
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'SOLOVIRT_NOTIFY_FD',
  'SOLOVIRT_JOURNAL_FD',
  'SOLOVIRT_BOOT_ID',
  'JOURNAL_STREAM',
  'INVOCATION_ID',
] as const;

export interface Inherited {
  /** Datagram socket that is connected to the service manager. */
  readonly notifyFd?: number;
  /** Datagram socket that is connected to the journal. */
  readonly journalFd?: number;
  /** Listening sockets for the whole API; empty without socket activation. */
  readonly listenFds: readonly number[];
  /** Listening sockets for the read-only API: those called `readonly` (`FileDescriptorName=`). */
  readonly readonlyFds: readonly number[];
  /** Microseconds within which the service manager wants a sign of life. */
  readonly watchdogUs?: number;
  /** The boot as the service manager knows it: in a container, a sandbox may hide which one it is. */
  readonly bootId?: string;
  /** The service manager wants to be told but left no socket that Node can write to. */
  readonly cannotNotify: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** SD_LISTEN_FDS_START of sd-daemon.h. */
const FIRST_LISTEN_FD = 3;
/** Name of the read-only sockets in LISTEN_FDNAMES; any other name is one of the whole API. */
const READONLY_NAME = 'readonly';
/** More sockets than any unit has; a larger number is a mistake. */
const MOST_LISTEN_FDS = 64;

/** @param pid of this process: what was addressed to another one is not for us */
export function readInherited(
  env: Env,
  pid: number,
): { readonly inherited: Inherited; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const number = (name: string, least: number, most: number): number | undefined => {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const message = `must be a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`;
    problems.push({ origin: name, setting: '', message });
    return undefined;
  };
  const notifyFd = number('SOLOVIRT_NOTIFY_FD', 3, 1_048_576);
  const journalFd = number('SOLOVIRT_JOURNAL_FD', 3, 1_048_576);
  const listens = env['LISTEN_PID'] === String(pid);
  const count = listens ? (number('LISTEN_FDS', 0, MOST_LISTEN_FDS) ?? 0) : 0;
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
  const fds = Array.from({ length: count }, (_, index) => FIRST_LISTEN_FD + index);
  const isReadonly = (fd: number): boolean => names[fd - FIRST_LISTEN_FD] === READONLY_NAME;
  const watched = [undefined, '', String(pid)].includes(env['WATCHDOG_PID']);
  const watchdogUs = watched ? number('WATCHDOG_USEC', 1, Number.MAX_SAFE_INTEGER) : undefined;
  const bootId = readBootId(env['SOLOVIRT_BOOT_ID'], problems);
  const inherited: Inherited = {
    ...(notifyFd === undefined ? {} : { notifyFd }),
    ...(journalFd === undefined ? {} : { journalFd }),
    listenFds: fds.filter((fd) => !isReadonly(fd)),
    readonlyFds: fds.filter(isReadonly),
    ...(watchdogUs === undefined ? {} : { watchdogUs }),
    ...(bootId === undefined ? {} : { bootId }),
    cannotNotify: Boolean(env['NOTIFY_SOCKET']) && notifyFd === undefined,
  };
  return { inherited, problems };
}

/** systemd's specifier `%b` has no dashes, the kernel's file has. */
function readBootId(text: string | undefined, problems: ConfigProblem[]): string | undefined {
  if (text === undefined || text === '') return undefined;
  const [, ...groups] =
    /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(text) ?? [];
  if (groups.length > 0) return groups.join('-');
  const message = `must be 32 hexadecimal digits, found ${JSON.stringify(text)}`;
  problems.push({ origin: 'SOLOVIRT_BOOT_ID', setting: '', message });
  return undefined;
}
