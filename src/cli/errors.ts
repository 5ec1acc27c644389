/**
 * How a command can end badly: one class per exit code or reaction, each with what to do next.
 * Exit codes are a contract: 0 done, 1 refused or failed, 2 usage, 3 no daemon.
 */
import type { StatusObject } from '../api/contract.ts';
import type { CliContext } from './context.ts';
import { plainText } from './format/terminal-filter.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, noDaemon: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface CliErrorOptions {
  /** What the user can do next; may have several lines. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** Refused or failed: exit code 1. Also the base of the others. */
export class CliError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: ExitCode = EXIT.failed;

  constructor(message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends CliError {
  override readonly exitCode = EXIT.usage;
}

/** Nobody serves the socket, or this user may not talk to it: exit code 3. */
export class NoDaemonError extends CliError {
  override readonly exitCode = EXIT.noDaemon;
}

/** Somebody serves it, but not this user. */
export class SocketForbiddenError extends NoDaemonError {}

/** The connection broke in the middle: a command may or may not have been taken. */
export class ConnectionLostError extends CliError {}

/** Ctrl-C while a command was under way. */
export class InterruptedError extends CliError {}

/** Everything has been told already; only the exit code is left. */
export class ReportedError extends CliError {
  constructor() {
    super('reported');
  }
}

/** The daemon refused, in Kubernetes' words (`metav1.Status`). */
export class ApiError extends CliError {
  readonly status: StatusObject;

  constructor(status: StatusObject, options: CliErrorOptions = {}) {
    super(status.message, options);
    this.status = status;
  }
}

/** Same error, with a hint on what to do next unless it has one; `name` says whom it concerns. */
export function withHint(error: ApiError, name: string, hint: string | undefined): CliError {
  const message = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
  return new CliError(message, { hint: error.hint ?? hint, cause: error });
}

/** `error: …` and the hint on stderr. */
export function printError(context: CliContext, error: CliError): void {
  if (error instanceof ReportedError) return;
  const hint = error.hint === undefined ? '' : `${error.hint}\n`;
  // Much of this is quoted from QEMU, guests and files.
  context.stderr.write(plainText(`error: ${error.message}\n${hint}`));
}
