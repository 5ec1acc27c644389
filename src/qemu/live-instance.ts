/**
 * One QEMU as this daemon sees it, from the preparation of its images to its end, whether this daemon launched it
 * or found it running. Observes and obeys; it decides nothing: whoever owns it is told that something changed and
 * looks again.
 *
 * Invariants: the stage only moves launching → live → ended; `ended` means that QEMU is gone and that its evidence
 * is as complete as it will ever be; letting go of it (`release`) never touches the guest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessIdentity, QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import { NO_RESETS, type ResetTally, tallyReset } from '../core/status/resets.ts';
import type { InstanceView } from '../core/strategy/situation.ts';
import type { Clock, Logger } from '../ports.ts';
import { capLog } from './cap-log.ts';
import { waitForExitFile } from './exit-file.ts';
import { readJournal } from './journal.ts';
import { capJournal } from './journal-cap.ts';
import { JournalKeeper } from './journal-keeper.ts';
import { killTree, signalProcess } from './kill-tree.ts';
import { type LaunchInput, launch } from './launch.ts';
import { LogCapper } from './log-capper.ts';
import { isAlive, readProcessFile } from './process-identity.ts';
import { QmpClient } from './qmp-client.ts';
import { QmpBusyError, QmpClosedError, QmpTimeoutError } from './qmp-error.ts';
import { proveIdentity, queryStatus } from './qmp-queries.ts';

export interface LiveInstanceDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Something about the instance changed: look again. */
  readonly onChange: () => void;
  /** An event of QEMU, in order, while the monitor is connected. */
  readonly onEvent: (event: QmpEvent) => void;
  /** Sizes at which the console file and the stderr file are rotated. */
  readonly consoleLogBytes: number;
  readonly qemuLogBytes: number;
}

/** QEMU is gone within milliseconds after its monitor closed; longer means that only the monitor went. */
const GONE_WITHIN_MS = 2000;
const PATIENT_GREETING_MS = 30_000;

export class LiveInstance {
  readonly paths: InstancePaths;
  readonly #deps: LiveInstanceDeps;
  readonly #journal: JournalKeeper;
  readonly #release = new AbortController();
  #stage: 'unlaunched' | 'launching' | 'live' | 'ended' = 'launching';
  #identity: ProcessIdentity | undefined;
  #launchError: string | undefined;
  #client: QmpClient | undefined;
  #unresponsive = false;
  #runState: string | undefined;
  #resumed = false;
  #resumedAt: number | undefined;
  #resets: ResetTally = NO_RESETS;
  #stateEvents = 0;
  #capper: LogCapper | undefined;

  private constructor(paths: InstancePaths, deps: LiveInstanceDeps) {
    this.paths = paths;
    this.#deps = deps;
    this.#journal = new JournalKeeper(paths.events);
  }

  /** Begins the launch and returns at once; every outcome, failure included, shows in `sight`. */
  static launch(input: LaunchInput, deps: LiveInstanceDeps): LiveInstance {
    const instance = new LiveInstance(input.paths, deps);
    void instance.#launch(input);
    return instance;
  }

  /** Takes over the instance of an earlier daemon from what lies in its directory. */
  static adopt(paths: InstancePaths, deps: LiveInstanceDeps): LiveInstance {
    const instance = new LiveInstance(paths, deps);
    const identity = readProcessFile(paths.process)?.identity;
    if (identity === undefined) {
      instance.#stage = 'unlaunched';
      return instance;
    }
    instance.#identity = identity;
    instance.#stage = 'live';
    for (const event of readJournal(paths.events)) instance.#remember(event);
    if (isAlive(identity)) {
      instance.#watchFiles();
      void instance.#stayConnected(identity);
    } else {
      void instance.#finish(identity);
    }
    return instance;
  }

  sight(): InstanceView {
    switch (this.#stage) {
      case 'unlaunched':
      case 'launching':
      case 'ended':
        return { kind: this.#stage };
      case 'live':
        return {
          kind: 'live',
          monitor: this.#client !== undefined,
          resumed: this.#resumed,
          ...(this.#runState === undefined ? {} : { runState: this.#runState }),
        };
    }
  }

  get identity(): ProcessIdentity | undefined {
    return this.#identity;
  }

  /** Why QEMU was never spawned. */
  get launchError(): string | undefined {
    return this.#launchError;
  }

  /** QEMU lives, but its monitor has not answered for seconds. */
  get unresponsive(): boolean {
    return this.#stage === 'live' && this.#unresponsive;
  }

  /** When guest code first ran (Unix ms), as far as events tell. */
  get resumedAt(): number | undefined {
    return this.#resumedAt;
  }

  /** Guest resets since the instance came up. */
  get resets(): number {
    return this.#resets.count;
  }

  /**
   * Runs a QMP command.
   * @throws QmpError; QmpClosedError also when the monitor is not connected
   */
  async execute(command: string, args?: JsonObject, timeoutMs = 5000): Promise<Json> {
    const client = this.#client;
    if (client === undefined) throw new QmpClosedError('QEMU does not answer its monitor');
    try {
      return await client.execute(command, args, { timeoutMs });
    } catch (error) {
      // A new connection tells when QEMU answers again, and lets it drop the command that was given up.
      if (error instanceof QmpTimeoutError) {
        if (this.#client === client) this.#client = undefined;
        this.#setUnresponsive(true);
        void client.close();
      }
      throw error;
    }
  }

  terminate(): void {
    if (this.#identity !== undefined) signalProcess(this.#identity, 'SIGTERM');
  }

  async kill(): Promise<void> {
    if (this.#identity !== undefined) await killTree(this.#identity, 'SIGKILL');
  }

  /** Stops watching. The guest runs on. */
  async release(): Promise<void> {
    this.#release.abort();
    this.#closeFiles();
    await this.#client?.close();
  }

  async #launch(input: LaunchInput): Promise<void> {
    try {
      this.#identity = await launch(input);
      this.#stage = 'live';
      this.#watchFiles();
      void this.#stayConnected(this.#identity);
    } catch (error) {
      this.#launchFailed(error);
    }
    this.#deps.onChange();
  }

  /** Even a failed launch may have left a QEMU behind (a deadline that was missed): it is then watched like any. */
  #launchFailed(error: unknown): void {
    this.#identity = readProcessFile(this.paths.process)?.identity;
    if (this.#identity !== undefined && isAlive(this.#identity)) {
      this.#stage = 'live';
      void this.#stayConnected(this.#identity);
      return;
    }
    this.#launchError = error instanceof Error ? error.message : String(error);
    this.#stage = 'ended';
  }

  /** Connects, and connects again whenever the monitor closes although QEMU lives. */
  async #stayConnected(identity: ProcessIdentity): Promise<void> {
    let pauseMs = 2;
    while (!this.#release.signal.aborted) {
      if (!isAlive(identity)) {
        await this.#finish(identity);
        return;
      }
      const closed = await this.#connect();
      if (closed === undefined) {
        await sleep(pauseMs, undefined, { ref: false });
        pauseMs = Math.min(pauseMs * 2, 500);
        continue;
      }
      pauseMs = 2;
      await closed;
      this.#client = undefined;
      await this.#untilGone(identity);
    }
  }

  /** @returns a promise for the end of the session, or undefined when there is no session */
  async #connect(): Promise<Promise<void> | undefined> {
    const closed = Promise.withResolvers<void>();
    try {
      const client = await QmpClient.connect(this.paths.qmpSocket, {
        ...(this.#unresponsive ? { greetingTimeoutMs: PATIENT_GREETING_MS } : {}),
        signal: this.#release.signal,
        onEvent: (event) => this.#take(event),
        onClose: () => closed.resolve(),
      });
      await proveIdentity(client, this.paths.uid);
      const state = await queryStatus(client);
      this.#client = client;
      this.#runState = state;
      if (state !== 'prelaunch' && state !== 'inmigrate') this.#resumed = true;
      this.#setUnresponsive(false);
      this.#deps.onChange();
      return closed.promise;
    } catch (error) {
      if (error instanceof QmpBusyError) this.#setUnresponsive(true);
      return undefined;
    }
  }

  #setUnresponsive(value: boolean): void {
    if (this.#unresponsive === value) return;
    this.#unresponsive = value;
    this.#deps.onChange();
  }

  async #untilGone(identity: ProcessIdentity): Promise<void> {
    for (let waitedMs = 0; waitedMs < GONE_WITHIN_MS && isAlive(identity); waitedMs += 5)
      await sleep(5, undefined, { ref: false });
  }

  async #finish(identity: ProcessIdentity): Promise<void> {
    await waitForExitFile(this.paths, identity, 1000);
    this.#closeFiles();
    this.#stage = 'ended';
    this.#deps.onChange();
  }

  #remember(event: QmpEvent): void {
    this.#resets = tallyReset(this.#resets, event);
    if (event.event !== 'RESUME') return;
    this.#resumed = true;
    this.#resumedAt ??= event.at;
  }

  #take(event: QmpEvent): void {
    this.#remember(event);
    this.#journal.take(event);
    if (CHANGES_RUN_STATE.has(event.event)) this.#followRunState(event);
    this.#deps.onEvent(event);
  }

  #followRunState(event: QmpEvent): void {
    this.#stateEvents += 1;
    if (event.event === 'RESUME') {
      this.#runState = 'running';
      this.#deps.onChange();
    } else {
      void this.#refreshRunState();
    }
  }

  /** Events do not carry the run state; ask, and ask again if another event came meanwhile. */
  async #refreshRunState(): Promise<void> {
    const before = this.#stateEvents;
    const client = this.#client;
    if (client === undefined) return;
    try {
      const state = await queryStatus(client);
      if (before !== this.#stateEvents) return;
      this.#runState = state;
      this.#deps.onChange();
    } catch {
      // The end of the connection is seen where the connection is watched.
    }
  }

  #watchFiles(): void {
    const { consoleLogBytes, qemuLogBytes, log } = this.#deps;
    const files = [
      { path: this.paths.console, cap: (path: string) => capLog(path, consoleLogBytes) },
      { path: this.paths.stderr, cap: (path: string) => capLog(path, qemuLogBytes) },
      { path: this.paths.events, cap: (path: string) => capJournal(path) },
    ];
    this.#capper = new LogCapper(this.paths.dir, files, log);
  }

  #closeFiles(): void {
    this.#capper?.[Symbol.dispose]();
    this.#journal.close();
  }
}

const CHANGES_RUN_STATE = new Set([
  'STOP',
  'RESUME',
  'RESET',
  'SHUTDOWN',
  'SUSPEND',
  'WAKEUP',
  'GUEST_PANICKED',
  'WATCHDOG',
  'BLOCK_IO_ERROR',
]);
