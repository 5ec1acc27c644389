/**
 * How a call to the daemon can end badly: one class per reaction, each with what to do next.
 */
import type { StatusObject } from '../api/contract-meta.ts';

export interface ErrorOptions {
  /** What the user can do next; may have several lines. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The base of all errors that are told to a user: what was wrong, and what to do next. */
export class SolovirtError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** What was given as a socket's path cannot be one. */
export class SocketPathError extends SolovirtError {}

/** Nobody serves the socket, or this user may not talk to it. */
export class NoDaemonError extends SolovirtError {}

/** Somebody serves it, but not this user. */
export class SocketForbiddenError extends NoDaemonError {}

/** The connection broke in the middle: a command may or may not have been taken. */
export class ConnectionLostError extends SolovirtError {}

/** The daemon did not answer in time: a command may or may not take effect. */
export class NoAnswerError extends SolovirtError {}

/** What was waited for did not come true before the deadline. */
export class DeadlineError extends SolovirtError {}

/** What was given as the name of a VM cannot be one. */
export class NameError extends SolovirtError {}

/** What listens on the socket is not a daemon that this client understands. */
export class UnexpectedAnswerError extends SolovirtError {}

/** The caller's signal (Ctrl-C in the command line) while a call was under way. */
export class InterruptedError extends SolovirtError {}

/** The daemon refused, in Kubernetes' words (`metav1.Status`). */
export class ApiError extends SolovirtError {
  readonly status: StatusObject;

  constructor(status: StatusObject, options: ErrorOptions = {}) {
    super(status.message, options);
    this.status = status;
  }
}
