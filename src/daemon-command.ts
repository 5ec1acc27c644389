/**
 * `solovirt daemon`: settings, signals, log, exit. Loaded with the client, so it loads the daemon itself only when
 * called.
 */
import type { Command } from 'commander';
import type { CliContext } from './cli/context.ts';
import { CliError, UsageError } from './cli/errors.ts';

export function addDaemonCommand(program: Command, context: CliContext): void {
  program
    .command('daemon')
    .description('run the daemon in the foreground')
    .option('--config <FILE>', 'configuration file')
    .option('--vms <DIR>', 'directory of VM files')
    .option('--images <DIR>', 'directory of images')
    .option('--state <DIR>', 'state directory')
    .option('--runtime <DIR>', 'runtime directory (sockets)')
    .option('--socket <PATH>', 'API socket')
    .option('--accel <auto|kvm|tcg>', 'what runs guests')
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
  const { runDaemon } = await import('./daemon.ts');
  const { env, isRoot, home, version } = context;
  const ending = new AbortController();
  const reloads: (() => void)[] = [];
  // None of these stops a guest; SIGHUP does not even stop the daemon.
  process.on('SIGTERM', () => ending.abort());
  process.on('SIGINT', () => ending.abort());
  process.on('SIGHUP', () => {
    for (const reload of reloads) reload();
  });
  try {
    const config = resolveConfig({ flags, env, isRoot, cwd: process.cwd(), home });
    const log = createLogger({
      level: config.logLevel,
      format: process.stdout.isTTY ? 'pretty' : 'json',
    });
    await runDaemon(config, {
      clock: systemClock,
      log,
      version,
      signal: ending.signal,
      onReload: (listener) => reloads.push(listener),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ConfigError) throw new UsageError(message, { cause: error });
    throw new CliError(message, { cause: error });
  }
}
