/**
 * The log: pino's JSON lines for machines, pino-pretty for a terminal. Writes are synchronous, so that the
 * lines before a crash are not lost; a reader that went away (EPIPE) is not an error.
 */
import { pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from '../core/config/daemon-config.ts';
import type { Logger } from '../ports.ts';
import { journalDestination } from './journal-log.ts';
import type { LogDestination } from './log-destination.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `json`: one object per line with ISO time and the level as a word. `pretty`: one line for people. */
  readonly format: 'json' | 'pretty';
  /** Socket of systemd's journal, which then gets the lines; what it does not take goes where JSON lines go. */
  readonly journalFd?: number;
  /** Standard output unless given. */
  readonly destination?: LogDestination;
}

/** Makes the logger that the whole daemon shares. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  const colorize =
    options.destination === undefined && process.stdout.isTTY && process.stdout.hasColors();
  const sink = (): LogDestination => {
    if (options.journalFd !== undefined) return journalDestination(options.journalFd, destination);
    return options.format === 'json' ? destination : prettyDestination(destination, colorize);
  };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // JSON has nothing to say of an Error.
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
    },
    sink(),
  );
}

/** In this process rather than in a worker, for a worker's last lines would be lost in a crash. */
function prettyDestination(
  destination: LogDestination,
  colorize: boolean,
): { write(line: string): void } {
  const prettify = pretty.prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => void destination.write(prettify(line)) };
}
