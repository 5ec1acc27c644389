/**
 * A command that was not carried out. It left no trace.
 */
export type RefusalKind =
  /** No such VM: 404. */
  | 'not-found'
  /** The VM's state does not allow it: 409. */
  | 'conflict'
  /** There is one of that name: 409 AlreadyExists. */
  | 'already-exists'
  /** The request itself is wrong: 400. */
  | 'bad-request'
  /** The host cannot do it now (disk full, QEMU does not answer): 503. */
  | 'unavailable';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;

  constructor(message: string, options: { readonly kind: RefusalKind; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
  }
}

export function conflict(message: string): Refusal {
  return new Refusal(message, { kind: 'conflict' });
}

export function notFound(message: string): Refusal {
  return new Refusal(message, { kind: 'not-found' });
}
