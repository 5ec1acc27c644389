/**
 * What a client is handed instead of reaching for it: when to give up, and how long to wait for what.
 */

/** How long the client waits for what. */
export interface ClientLimits {
  /** For one whole exchange, or for the head of the answer when the body is a stream. Milliseconds. */
  readonly requestMs: number;
  /** Pause before a watch that ended is opened anew. Milliseconds. */
  readonly reconnectMs: number;
}

export interface ClientSettings {
  /** Ends every exchange: Ctrl-C in the command line. */
  readonly signal: AbortSignal;
  /** Defaults: 10 s and 1 s. */
  readonly limits?: Partial<ClientLimits>;
}

export const DEFAULT_LIMITS: ClientLimits = { requestMs: 10_000, reconnectMs: 1_000 };
