/**
 * The daemon's line to one QEMU: connects, connects again whenever the session ends although QEMU lives, and knows
 * whether QEMU answers. A QEMU that holds the line without a word is busy or hung, not dead.
 *
 * Ends when QEMU is gone or when it is released; never touches the guest by itself.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessIdentity, QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import type { InstancePaths } from '../core/paths.ts';
import { awaitInDirectory } from './await-file.ts';
import { isAlive } from './process-identity.ts';
import { QmpClient } from './qmp-client.ts';
import { QmpBusyError, QmpClosedError, QmpTimeoutError } from './qmp-error.ts';
import { proveIdentity, queryStatus } from './qmp-queries.ts';

export interface MonitorHandlers {
  readonly onEvent: (event: QmpEvent) => void;
  /** A session has begun, and this is QEMU's run state. */
  readonly onConnected: (runState: string | undefined) => void;
  /** QEMU has begun or ceased to answer. */
  readonly onChange: () => void;
}

/** QEMU is gone within milliseconds after its monitor closed; longer means that only the monitor went. */
const GONE_WITHIN_MS = 2000;
/** QEMU listens on its socket a moment after it has made it. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 500;
const PATIENT_GREETING_MS = 30_000;

interface Session {
  /** Resolves when it has ended, with what ended it unless we did. */
  readonly ended: Promise<Error | undefined>;
}

export class Monitor {
  readonly #paths: InstancePaths;
  readonly #handlers: MonitorHandlers;
  readonly #release = new AbortController();
  #client: QmpClient | undefined;
  #unresponsive = false;

  constructor(paths: InstancePaths, handlers: MonitorHandlers) {
    this.#paths = paths;
    this.#handlers = handlers;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** QEMU has not answered for seconds. */
  get unresponsive(): boolean {
    return this.#unresponsive;
  }

  /**
   * Runs a QMP command.
   * @throws QmpError; QmpClosedError also when there is no session
   */
  async execute(command: string, args?: JsonObject, timeoutMs = 5000): Promise<Json> {
    const client = this.#client;
    if (client === undefined) throw new QmpClosedError('QEMU does not answer its monitor');
    try {
      return await client.execute(command, args, { timeoutMs });
    } catch (error) {
      // A new connection tells when QEMU answers again, and lets it drop the command that was given up.
      if (error instanceof QmpTimeoutError) {
        this.#client = undefined;
        this.#setUnresponsive(true);
        void client.close();
      }
      throw error;
    }
  }

  /** QEMU's run state now; undefined when there is no session or no answer. */
  async runState(): Promise<string | undefined> {
    try {
      return this.#client === undefined ? undefined : await queryStatus(this.#client);
    } catch {
      // The end of the session is seen where it is watched.
      return undefined;
    }
  }

  /** Resolves when QEMU is gone (true) or the monitor was released (false). */
  async hold(identity: ProcessIdentity): Promise<boolean> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#release.signal.aborted) {
      if (!isAlive(identity)) return true;
      const session = await this.#connect();
      if (session === undefined) {
        if (!existsSync(this.#paths.qmpSocket)) {
          await this.#untilSocket(identity);
          continue;
        }
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        continue;
      }
      pauseMs = FIRST_PAUSE_MS;
      const reason = await session.ended;
      this.#client = undefined;
      // One that did not hang up itself is there to be connected to again.
      if (reason instanceof QmpClosedError) await untilGone(identity);
    }
    return false;
  }

  async release(): Promise<void> {
    this.#release.abort();
    await this.#client?.close();
  }

  /** Until QEMU has made its socket, which it does long before it is done with its devices, or for a while. */
  async #untilSocket(identity: ProcessIdentity): Promise<void> {
    const { runtimeDir, qmpSocket } = this.#paths;
    const isThere = (): true | undefined =>
      existsSync(qmpSocket) || !isAlive(identity) ? true : undefined;
    const { signal } = this.#release;
    await awaitInDirectory(runtimeDir, isThere, { timeoutMs: LONGEST_PAUSE_MS, signal }).catch(
      () => undefined,
    );
  }

  /** @returns undefined when there is no session. A promise alone would be waited for by whoever waits for the connection. */
  async #connect(): Promise<Session | undefined> {
    const ended = Promise.withResolvers<Error | undefined>();
    let client: QmpClient | undefined;
    try {
      client = await QmpClient.connect(this.#paths.qmpSocket, {
        ...(this.#unresponsive ? { greetingTimeoutMs: PATIENT_GREETING_MS } : {}),
        signal: this.#release.signal,
        onEvent: (event) => this.#handlers.onEvent(event),
        onClose: (reason) => ended.resolve(reason),
      });
      // Both at once: QEMU answers in order, and nothing is commanded before it has told its uuid.
      const [, runState] = await Promise.all([
        proveIdentity(client, this.#paths.uid),
        queryStatus(client),
      ]);
      this.#client = client;
      this.#setUnresponsive(false);
      this.#handlers.onConnected(runState);
      return { ended: ended.promise };
    } catch (error) {
      const silent = error instanceof QmpBusyError || error instanceof QmpTimeoutError;
      if (silent) this.#setUnresponsive(true);
      // A session that is held open and not used would lock the next one out.
      await client?.close();
      return undefined;
    }
  }

  #setUnresponsive(value: boolean): void {
    if (this.#unresponsive === value) return;
    this.#unresponsive = value;
    this.#handlers.onChange();
  }
}

/** Most are gone a moment after they closed their sockets. */
async function untilGone(identity: ProcessIdentity): Promise<void> {
  let stepMs = 1;
  for (let waitedMs = 0; waitedMs < GONE_WITHIN_MS && isAlive(identity); waitedMs += stepMs) {
    stepMs = waitedMs < 20 ? 1 : 10;
    await pause(stepMs);
  }
}

function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
