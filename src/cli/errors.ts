/**
 * How a command can end badly, beside what the client itself reports: an exit code each, and what to do next.
 * Exit codes are a contract: 0 done, 1 refused or failed, 2 usage, 3 no daemon.
 */
import { type ApiError, NoDaemonError, SocketPathError, SolovirtError } from '../client/errors.ts';
import { plainText } from '../core/terminal-filter.ts';
import type { CliContext } from './context.ts';

export {
  ApiError,
  ConnectionLostError,
  InterruptedError,
  NoDaemonError,
  SocketForbiddenError,
  SolovirtError,
} from '../client/errors.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, noDaemon: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Refused or failed: exit code 1. */
export class CliError extends SolovirtError {}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends CliError {}

/** Everything has been told already; only the exit code is left. */
export class ReportedError extends CliError {
  constructor() {
    super('reported');
  }
}

/** A program that was run in place of this one has ended, and said itself what there was to say. */
export class ProgramEndedError extends ReportedError {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super();
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(error: SolovirtError): number {
  if (error instanceof ProgramEndedError) return error.exitCode;
  if (error instanceof UsageError || error instanceof SocketPathError) return EXIT.usage;
  return error instanceof NoDaemonError ? EXIT.noDaemon : EXIT.failed;
}

/** Same error, with a hint on what to do next unless it has one; `name` says whom it concerns. */
export function withHint(error: ApiError, name: string, hint: string | undefined): CliError {
  const message = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
  return new CliError(message, { hint: error.hint ?? hint, cause: error });
}

/** `error: …` and the hint on stderr. */
export function printError(context: CliContext, error: SolovirtError): void {
  if (error instanceof ReportedError) return;
  const hint = error.hint === undefined ? '' : `${error.hint}\n`;
  // Much of this is quoted from QEMU, guests and files.
  context.stderr.write(plainText(`error: ${error.message}\n${hint}`));
}
