/**
 * `solovirt daemon`: settings, signals, log, exit. Loaded with the client, so it loads the daemon itself only when
 * called.
 */
import type { Command } from 'commander';
import type { CliContext } from './cli/context.ts';
import { CliError, UsageError } from './cli/errors.ts';
import { errorMessage } from './core/thrown.ts';
import type { Logger } from './ports.ts';

export function addDaemonCommand(program: Command, context: CliContext): void {
  program
    .command('daemon')
    .description('run the daemon in the foreground')
    .option('--config <FILE>', 'configuration file')
    .option('--vms <DIR>', 'directory of VM files')
    .option('--images <DIR>', 'directory of images')
    .option('--disk-roots <DIRS>', 'where else disks may lie, parted by ":"')
    .option('--state <DIR>', 'state directory')
    .option('--runtime <DIR>', 'runtime directory (sockets)')
    .option('--socket <PATH>', 'API socket')
    .option('--readonly-socket <PATH>', 'API socket to look but not touch; none for none')
    .option('--accel <auto|kvm|tcg>', 'what runs guests')
    .option('--launcher <auto|direct|systemd>', 'what starts QEMU')
    .option('--qemu <PATH>', 'QEMU binary')
    .option('--log-level <LEVEL>', 'debug, info, warn, error or silent')
    .action(async (flags: Record<string, string | undefined>) => start(flags, context));
}

async function start(
  flags: Record<string, string | undefined>,
  context: CliContext,
): Promise<void> {
  const { ConfigError, resolveConfig } = await import('./host/config.ts');
  const { createLogger } = await import('./host/log.ts');
  const { systemClock } = await import('./host/clock.ts');
  const { collapse } = await import('./host/collapse.ts');
  const { takeInherited } = await import('./host/inherited.ts');
  const { Notifier } = await import('./host/notify.ts');
  const { runDaemon } = await import('./daemon.ts');
  const { useBootId } = await import('./qemu/process-identity.ts');
  const { env, isRoot, home, version } = context;
  const ending = new AbortController();
  const reloads: (() => Promise<void>)[] = [];
  let reload = (): void => {};
  // None of these stops a guest; SIGHUP does not even stop the daemon.
  process.on('SIGTERM', () => ending.abort());
  process.on('SIGINT', () => ending.abort());
  process.on('SIGHUP', () => reload());
  try {
    // biome-ignore lint/style/noProcessEnv: what was meant for this process must not reach its children
    const inherited = takeInherited(process.env, process.pid);
    if (inherited.bootId !== undefined) useBootId(inherited.bootId);
    const config = resolveConfig({ flags, env, isRoot, cwd: process.cwd(), home });
    const log = createLogger({
      level: config.logLevel,
      format: process.stdout.isTTY ? 'pretty' : 'json',
      ...(inherited.journalFd === undefined ? {} : { journalFd: inherited.journalFd }),
    });
    if (inherited.cannotNotify) log.warn({}, CANNOT_NOTIFY);
    endInTime(ending.signal, log);
    using manager = new Notifier({
      ...(inherited.notifyFd === undefined ? {} : { fd: inherited.notifyFd }),
      ...(inherited.watchdogUs === undefined ? {} : { watchdogUs: inherited.watchdogUs }),
      log,
    });
    reload = collapse(() =>
      manager.reload(async () => void (await Promise.all(reloads.map((r) => r())))),
    );
    await runDaemon(config, {
      clock: systemClock,
      log,
      version,
      signal: ending.signal,
      onReload: (listener) => reloads.push(listener),
      manager,
      listenFds: inherited.listenFds,
      readonlyFds: inherited.readonlyFds,
      journal: inherited.journalFd !== undefined,
    });
  } catch (error) {
    const message = errorMessage(error);
    if (error instanceof ConfigError) throw new UsageError(message, { cause: error });
    throw new CliError(message, { cause: error });
  }
}

const CANNOT_NOTIFY =
  'NOTIFY_SOCKET is set without SOLOVIRT_NOTIFY_FD: the service manager cannot be told that the daemon is ready; start it through daemon-run (docs/systemd.md)';

/** For what is under way when the daemon is told to end. State is safe at any moment, so is ending hard. */
const END_MS = 20_000;

function endInTime(signal: AbortSignal, log: Logger): void {
  const begin = (): void => {
    const alarm = setTimeout(() => {
      log.error({ afterMs: END_MS }, 'the daemon did not end in time and ends hard; guests run on');
      process.exit(1);
    }, END_MS);
    alarm.unref();
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
}
