/**
 * `solovirt drain`: asks the daemon, and where none lives stands in for it. Loaded with the client, so it loads the
 * parts of the daemon only when they are needed.
 */
import type { Command } from 'commander';
import type { CliContext } from './cli/context.ts';
import { CliError, NoDaemonError, SocketForbiddenError, UsageError } from './cli/errors.ts';
import { socketOption, waitOption } from './cli/options.ts';
import { clientOf } from './cli/settings.ts';
import type { DrainFlags } from './cli/verbs/drain.ts';
import type { DaemonConfig } from './core/config/daemon-config.ts';
import { errorMessage } from './core/thrown.ts';

interface Flags extends DrainFlags {
  readonly config?: string;
  readonly state?: string;
  readonly runtime?: string;
  readonly socket?: string;
}

export function addDrainCommand(program: Command, context: CliContext): void {
  program
    .command('drain')
    .description('stop all guests as a host shutdown does and start none; also without a daemon')
    .addOption(socketOption())
    .addOption(waitOption('wait until all guests are down'))
    .option('--cancel', 'let run strategies act again')
    .option('--dry-run', 'only say what would happen')
    .option('--config <FILE>', 'configuration file, when there is no daemon')
    .option('--state <DIR>', 'state directory, when there is no daemon')
    .option('--runtime <DIR>', 'runtime directory, when there is no daemon')
    .action(async (flags: Flags, command: Command) => {
      const { drain } = await import('./cli/verbs/drain.ts');
      try {
        await drain(context, await clientOf(command, context), flags);
      } catch (error) {
        if (!(error instanceof NoDaemonError) || error instanceof SocketForbiddenError) throw error;
        if (flags.cancel) throw error;
        const config = await readConfig(context, { ...command.parent?.opts<Flags>(), ...flags });
        if (!(await servedElsewhere(context, config, flags))) await alone(context, config, flags);
      }
    });
}

/** The configuration may name a socket that clients are usually told of otherwise. */
async function servedElsewhere(
  context: CliContext,
  { socketPath }: DaemonConfig,
  flags: Flags,
): Promise<boolean> {
  const { createClient } = await import('./client/client.ts');
  const { drain } = await import('./cli/verbs/drain.ts');
  try {
    await drain(context, createClient(context, socketPath), flags);
    return true;
  } catch (error) {
    if (error instanceof NoDaemonError && !(error instanceof SocketForbiddenError)) return false;
    throw error;
  }
}

async function alone(context: CliContext, config: DaemonConfig, flags: Flags): Promise<void> {
  const { ALL_DOWN, stillRun, wouldBeStopped } = await import('./cli/format/drain-words.ts');
  const { drainAlone } = await import('./drain-alone.ts');
  const { systemClock } = await import('./host/clock.ts');
  const { createLogger } = await import('./host/log.ts');
  const say = (words: string): void => void context.stdout.write(`${words}\n`);
  const limit = flags.wait === undefined ? undefined : AbortSignal.timeout(flags.wait);
  const level =
    config.logLevel === 'debug' || config.logLevel === 'info' ? 'warn' : config.logLevel;
  say('no daemon runs, so this command stops the guests itself');
  const { left, strays } = await explained(config.socketPath, () =>
    drainAlone(config, {
      clock: systemClock,
      log: createLogger({
        level,
        format: context.isTTY ? 'pretty' : 'json',
        destination: { write: (line: string) => context.stderr.write(line) },
      }),
      signal: limit === undefined ? context.signal : AbortSignal.any([context.signal, limit]),
      dryRun: flags.dryRun ?? false,
      onGuests: (guests) => {
        if (flags.dryRun) say(wouldBeStopped(guests));
        else if (guests.length > 0) say(stillRun(guests));
      },
    }),
  );
  if (flags.dryRun) return;
  if (left.length > 0)
    throw new CliError(stillRun(left), {
      hint: 'Nobody watches them now: call `solovirt drain` again, or start the daemon.',
    });
  if (strays.length > 0)
    throw new CliError('guests that are on no record were left alone', { hint: strays.join('\n') });
  say(ALL_DOWN);
}

async function readConfig(context: CliContext, flags: Flags): Promise<DaemonConfig> {
  const { ConfigError, resolveConfig } = await import('./host/config.ts');
  const { config, state, runtime, socket } = flags;
  const { env, isRoot, home } = context;
  try {
    const given = { config, state, runtime, socket };
    return resolveConfig({ flags: given, env, isRoot, cwd: process.cwd(), home });
  } catch (error) {
    const message = errorMessage(error);
    if (error instanceof ConfigError) throw new UsageError(message, { cause: error });
    throw error;
  }
}

/** A daemon that lives but serves another socket holds the lock. */
async function explained<T>(socketPath: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    const message = errorMessage(error);
    const isRunning = error instanceof Error && error.name === 'DaemonRunningError';
    const hint = isRunning
      ? `It does not serve ${socketPath}: name its socket with --socket, or wait until it has started or ended.`
      : undefined;
    throw new CliError(message, { hint, cause: error });
  }
}
