/**
 * What the parts below the daemon are handed instead of reaching for it: the clock and the log.
 * Types only, so that `core`, `qemu` and `host` need not know each other.
 */

export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
}

/** The part of a pino logger that solovirt uses: constant message, everything variable in the fields. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}
