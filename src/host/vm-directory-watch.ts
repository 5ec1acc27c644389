/**
 * Hints that something may have changed in the VM directory, from chokidar (inotify). A hint says at most which file
 * to look at: whoever gets one looks for itself. Symbolic links on the way to the directory are watched too, because
 * inotify follows them once and does not notice when they are pointed elsewhere.
 */
import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type ChokidarOptions, type FSWatcher, watch } from 'chokidar';
import { isManifestName } from './vm-directory-names.ts';
import { DirectoryWays } from './vm-directory-ways.ts';

const READY_DEADLINE_MS = 5000;
/** As many links as the kernel follows in one path (path_resolution(7)). */
const MAX_LINKS = 40;

export interface WatchHandlers {
  /** Something may have changed: this manifest of the directory (absolute), or, when undefined, anything. */
  readonly onHint: (path: string | undefined) => void;
  /** From now on hints may be missing; says why. */
  readonly onBroken: (reason: string) => void;
}

/** A running watch; the opener closes it. */
export interface DirectoryWatch {
  close(): Promise<void>;
}

/** Resolves once events that happen from now on lead to a hint, or `onBroken` was called. Never rejects. */
export async function watchDirectory(
  dir: string,
  handlers: WatchHandlers,
): Promise<DirectoryWatch> {
  if (dir.includes('\\')) {
    handlers.onBroken('its path has a backslash in it, which the watch library takes for a slash');
    return { close: () => Promise.resolve() };
  }
  const common = { ignoreInitial: true, atomic: false, ignorePermissionErrors: true, depth: 0 };
  const ignored = (path: string): boolean => path !== dir && !isManifestName(basename(path));
  const links = await linksOnTheWay(dir);
  const watchers = [
    startWatcher(dir, { ...common, ignored }, handlers).on('all', (_, path) =>
      handlers.onHint(manifestIn(dir, path)),
    ),
  ];
  if (links.length > 0) {
    const options = { ...common, followSymlinks: false };
    watchers.push(
      startWatcher(links, options, handlers).on('all', () => handlers.onHint(undefined)),
    );
  }
  // Raw events of the directory come sooner than digested ones, and also for names that chokidar is told to
  // ignore: a directory whose manifests are links may change through a hidden link (Kubernetes' `..data`).
  const ways = DirectoryWays.of(dir);
  watchers[0]?.on('raw', (_, name, details) => {
    const path = rawPath(dir, name, details);
    if (path !== undefined || !isAnotherName(dir, name, details)) handlers.onHint(path);
    // To look at all files for each that an editor makes on the way would take long.
    else void hintAtWay(ways, name, handlers);
  });
  await Promise.all([ways, ...watchers.map((watcher) => whenReady(watcher, handlers))]);
  return {
    close: async () => {
      await Promise.all(watchers.map((watcher) => watcher.close()));
    },
  };
}

function startWatcher(
  paths: string | string[],
  options: ChokidarOptions,
  handlers: WatchHandlers,
): FSWatcher {
  const watcher = watch(paths, options);
  watcher.on('error', (error) => {
    if (isWatchFailure(error)) handlers.onBroken(failureText(error));
    // Anything else is about one path; a look of our own shows what is wrong with it.
    else handlers.onHint(undefined);
  });
  return watcher;
}

/**
 * The manifest that a raw event is about: a name in the directory, or the file that is watched itself. Everything
 * else, such as the end of the directory, is about all of them.
 */
function rawPath(dir: string, name: unknown, details: unknown): string | undefined {
  const watched = watchedPath(details);
  if (typeof watched !== 'string') return undefined;
  if (watched !== dir) return manifestIn(dir, watched);
  return typeof name === 'string' ? manifestIn(dir, join(dir, name)) : undefined;
}

function watchedPath(details: unknown): unknown {
  return typeof details === 'object' && details !== null && 'watchedPath' in details
    ? details.watchedPath
    : undefined;
}

/** Something in the directory that is no manifest. What happens to the directory is told under its own name. */
function isAnotherName(dir: string, name: unknown, details: unknown): name is string {
  return typeof name === 'string' && watchedPath(details) === dir && name !== basename(dir);
}

async function hintAtWay(
  ways: Promise<DirectoryWays>,
  name: string,
  { onHint }: WatchHandlers,
): Promise<void> {
  if (await (await ways).leadsThrough(name)) onHint(undefined);
}

function manifestIn(dir: string, path: string): string | undefined {
  return dirname(path) === dir && isManifestName(basename(path)) ? path : undefined;
}

async function whenReady(watcher: FSWatcher, handlers: WatchHandlers): Promise<void> {
  const { promise, resolve: settle } = Promise.withResolvers<void>();
  watcher.once('ready', settle);
  const alarm = setTimeout(() => {
    handlers.onBroken(`the watch was not ready within ${READY_DEADLINE_MS / 1000} s`);
    settle();
  }, READY_DEADLINE_MS);
  await promise;
  clearTimeout(alarm);
}

/** Node marks what inotify itself refuses with the system call `watch`. */
function isWatchFailure(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && error.syscall === 'watch';
}

function failureText(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOSPC':
      return 'the limit of inotify watches is reached (sysctl fs.inotify.max_user_watches)';
    case 'EMFILE':
      return 'the limit of inotify instances or open files is reached (sysctl fs.inotify.max_user_instances)';
    default:
      return error.message;
  }
}

/** Every symbolic link that is followed to get to the path, in order. */
async function linksOnTheWay(path: string): Promise<string[]> {
  const links: string[] = [];
  let rest = resolve(path).split('/').slice(1);
  let at = '/';
  while (rest.length > 0 && links.length < MAX_LINKS) {
    const [name = '', ...others] = rest;
    const next = join(at, name);
    const target = await linkTarget(next);
    if (target === undefined) {
      at = next;
      rest = others;
    } else {
      links.push(next);
      rest = [...resolve(dirname(next), target).split('/').slice(1), ...others];
      at = '/';
    }
  }
  return links;
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch {
    return undefined;
  }
}
