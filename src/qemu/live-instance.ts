/**
 * One QEMU as this daemon sees it, from the preparation of its images to its end, whether this daemon launched it
 * or found it running. Observes and obeys; it decides nothing: whoever owns it is told that something changed and
 * looks again.
 *
 * Invariants: the stage only moves launching → live → ending → ended; `ended` means that QEMU is gone and that its evidence
 * is as complete as it will ever be; letting go of it (`release`) never touches the guest.
 */
import type { ExitStatus, ProcessIdentity, QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject, VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import { loopUntil, NO_RESETS, type ResetTally, tallyReset } from '../core/status/resets.ts';
import type { InstanceView } from '../core/strategy/situation.ts';
import type { Clock, Logger } from '../ports.ts';
import { AgentLink } from './agent-link.ts';
import { capLog } from './cap-log.ts';
import { CompanionWatch } from './companion-watch.ts';
import { waitForExitFile } from './exit-file.ts';
import { identityOf, isInstanceAlive } from './instance-process.ts';
import { readJournal } from './journal.ts';
import { capJournal, JOURNAL_MAX_BYTES } from './journal-cap.ts';
import { JournalKeeper } from './journal-keeper.ts';
import { type LaunchInput, launch } from './launch.ts';
import type { Launcher, Target } from './launcher.ts';
import { LogCapper } from './log-capper.ts';
import { MemoryDump } from './memory-dump.ts';
import { Monitor } from './monitor.ts';
import { isAlive, readProcessFile } from './process-identity.ts';

export interface LiveInstanceDeps {
  readonly vm: VmIdentity;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something about the instance changed: look again. */
  readonly onChange: () => void;
  /** An event of QEMU, in order, while the monitor is connected. */
  readonly onEvent: (event: QmpEvent) => void;
  /** A QMP command failed; its caller is told as well. */
  readonly onFailure: (command: string, error: unknown) => void;
  /** The processes beside QEMU. */
  readonly companions: readonly WatchedCompanion[];
  /** A session of its monitor has begun. */
  readonly onConnected?: () => void;
  /** Sizes at which the console file and the stderr file are rotated. */
  readonly consoleLogBytes: number;
  readonly qemuLogBytes: number;
}

export interface WatchedCompanion {
  /** The file that is written when it has ended and QEMU goes on. */
  readonly end: (paths: InstancePaths) => string;
  readonly onEnd: (end: ExitStatus) => void;
}

export class LiveInstance {
  readonly paths: InstancePaths;
  /** Resolves when it has ended; never when it is let go of before. */
  readonly ended: Promise<void>;
  readonly #ended = Promise.withResolvers<void>();
  readonly guest: AgentLink;
  readonly dump: MemoryDump;
  readonly #deps: LiveInstanceDeps;
  readonly #journal: JournalKeeper;
  readonly #monitor: Monitor;
  #stage: 'unlaunched' | 'launching' | 'live' | 'ending' | 'ended' = 'launching';
  #identity: ProcessIdentity | undefined;
  #launchError: string | undefined;
  #runState: string | undefined;
  #resumed = false;
  #resumedAt: number | undefined;
  #cpusAt: number | undefined;
  #spawnedAt: number | undefined;
  #resets: ResetTally = NO_RESETS;
  #stateEvents = 0;
  #watched = false;
  #capper: LogCapper | undefined;
  #companions: readonly CompanionWatch[] = [];

  private constructor(paths: InstancePaths, deps: LiveInstanceDeps) {
    this.paths = paths;
    this.ended = this.#ended.promise;
    this.#deps = deps;
    this.dump = new MemoryDump(deps.clock);
    this.#journal = new JournalKeeper(paths.events);
    this.#monitor = new Monitor(paths, {
      onEvent: (event) => this.#take(event),
      onConnected: (runState) => this.#connected(runState),
      onChange: deps.onChange,
    });
    this.guest = new AgentLink({
      socket: paths.agentSocket,
      monitor: (command) => this.execute(command),
      runState: () => this.#runState,
      clock: deps.clock,
      onChange: deps.onChange,
    });
  }

  /** Begins the launch and returns at once; every outcome, failure included, shows in `sight`. */
  static launch(input: LaunchInput, deps: LiveInstanceDeps): LiveInstance {
    const instance = new LiveInstance(input.paths, deps);
    void instance.#launch(input);
    return instance;
  }

  /**
   * Takes over the instance of an earlier daemon from what lies in its directory.
   * @param recorded its process, as far as the record knows it
   */
  static adopt(
    paths: InstancePaths,
    deps: LiveInstanceDeps,
    recorded: ProcessIdentity | undefined,
  ): LiveInstance {
    const instance = new LiveInstance(paths, deps);
    const identity = identityOf(paths, recorded);
    for (const event of readJournal(paths.events)) instance.#remember(event);
    if (identity === undefined) {
      // A crash of the host can empty the file that names the process, but no guest ran without one.
      instance.#stage = instance.#resumed ? 'ended' : 'unlaunched';
      return instance;
    }
    instance.#identity = identity;
    if (isInstanceAlive(identity, paths)) {
      instance.#stage = 'live';
      instance.#watchFiles();
      void instance.#watch(identity);
    } else {
      void instance.#finish(identity);
    }
    return instance;
  }

  sight(): InstanceView {
    switch (this.#stage) {
      case 'unlaunched':
      case 'launching':
      case 'ending':
      case 'ended':
        return { kind: this.#stage };
      case 'live':
        return {
          kind: 'live',
          monitor: this.#monitor.connected,
          resumed: this.#resumed,
          agent: this.guest.agent.standing === 'connected',
          ...(this.dump.state === undefined ? {} : { dump: this.dump.state }),
          ...(this.#runState === undefined ? {} : { runState: this.#runState }),
        };
    }
  }

  get identity(): ProcessIdentity | undefined {
    return this.#identity;
  }

  /** This daemon has seen QEMU alive; else it ended before. */
  get watched(): boolean {
    return this.#watched;
  }

  /** Why QEMU was never spawned. */
  get launchError(): string | undefined {
    return this.#launchError;
  }

  /** QEMU lives, but its monitor has not answered for seconds. */
  get unresponsive(): boolean {
    return this.#stage === 'live' && this.#monitor.unresponsive;
  }

  /** When guest code first ran (Unix ms), as far as events tell. */
  get resumedAt(): number | undefined {
    return this.#resumedAt;
  }

  /** When the guest's CPUs last stopped or went on (Unix ms), as far as events tell. */
  get cpusAt(): number | undefined {
    return this.#cpusAt;
  }

  /** When this daemon had spawned QEMU (Unix ms); undefined when it took it over. */
  get spawnedAt(): number | undefined {
    return this.#spawnedAt;
  }

  /** Guest resets since the instance came up. */
  get resets(): number {
    return this.#resets.count;
  }

  /** Until when the guest counts as in a reboot loop (Unix ms); undefined when it is not in one. */
  get loopUntil(): number | undefined {
    const until = loopUntil(this.#resets);
    return until === undefined || until <= this.#deps.clock.now() ? undefined : until;
  }

  /** When the machine was last reset (Unix ms), as far as events tell. */
  get resetAt(): number | undefined {
    return this.#resets.countedAt;
  }

  /**
   * Runs a QMP command.
   * @throws QmpError; QmpClosedError also when the monitor is not connected
   */
  async execute(command: string, args?: JsonObject, timeoutMs?: number): Promise<Json> {
    try {
      return await this.#monitor.execute(command, args, timeoutMs);
    } catch (error) {
      this.#deps.onFailure(command, error);
      throw error;
    }
  }

  async terminate(): Promise<void> {
    const target = this.#target();
    if (target !== undefined) await this.#deps.launcher.terminate(target);
  }

  async kill(): Promise<void> {
    const target = this.#target();
    if (target !== undefined) await this.#deps.launcher.kill(target);
  }

  #target(): Target | undefined {
    const identity = this.#identity;
    if (identity === undefined || !isInstanceAlive(identity, this.paths)) return undefined;
    return { vm: this.#deps.vm, identity };
  }

  /** Stops watching. The guest runs on. */
  async release(): Promise<void> {
    this.#closeFiles();
    this.guest.release();
    await this.#monitor.release();
  }

  async #launch(input: LaunchInput): Promise<void> {
    try {
      this.#identity = await launch(input, this.#deps.launcher);
      this.#spawnedAt = this.#deps.clock.now();
      this.#stage = 'live';
      this.#watchFiles();
      void this.#watch(this.#identity);
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
      void this.#watch(this.#identity);
      return;
    }
    this.#launchError = error instanceof Error ? error.message : String(error);
    this.#stage = 'ended';
  }

  async #watch(identity: ProcessIdentity): Promise<void> {
    this.#watched = true;
    if (await this.#monitor.hold(identity)) await this.#finish(identity);
  }

  #connected(runState: string | undefined): void {
    this.#runState = runState;
    if (runState !== 'prelaunch' && runState !== 'inmigrate') this.#resumed = true;
    this.#deps.onConnected?.();
    this.guest.look();
    this.#deps.onChange();
  }

  async #finish(identity: ProcessIdentity): Promise<void> {
    this.#stage = 'ending';
    this.guest.release();
    await waitForExitFile(this.paths, identity, this.#deps.launcher.exitFileMs);
    this.#closeFiles();
    this.#stage = 'ended';
    this.#ended.resolve();
    this.#deps.onChange();
  }

  #remember(event: QmpEvent): void {
    this.#resets = tallyReset(this.#resets, event);
    this.dump.take(event);
    if (MOVES_CPUS.has(event.event)) this.#cpusAt = event.at;
    if (event.event !== 'RESUME') return;
    this.#resumed = true;
    this.#resumedAt ??= event.at;
  }

  #take(event: QmpEvent): void {
    this.#remember(event);
    this.#journal.take(event);
    this.guest.take(event);
    if (CHANGES_RUN_STATE.has(event.event)) this.#followRunState(event);
    this.#deps.onEvent(event);
  }

  #followRunState(event: QmpEvent): void {
    this.#stateEvents += 1;
    if (event.event === 'RESUME') {
      this.#runState = 'running';
      this.#deps.onChange();
    } else {
      void this.refreshRunState();
    }
  }

  /**
   * Asks QEMU for its run state, which events do not carry. An answer that another event has overtaken is worth nothing.
   */
  async refreshRunState(): Promise<void> {
    const before = this.#stateEvents;
    const state = await this.#monitor.runState();
    if (state === undefined || before !== this.#stateEvents) return;
    this.#runState = state;
    this.#deps.onChange();
  }

  #watchFiles(): void {
    const { consoleLogBytes, qemuLogBytes, log } = this.#deps;
    const files = [
      { path: this.paths.console, maxBytes: consoleLogBytes, cap: capLog },
      { path: this.paths.stderr, maxBytes: qemuLogBytes, cap: capLog },
      { path: this.paths.events, maxBytes: JOURNAL_MAX_BYTES, cap: capJournal },
    ];
    this.#capper = new LogCapper(this.paths.dir, files, log);
    this.#companions = this.#deps.companions.map(
      ({ end, onEnd }) => new CompanionWatch(end(this.paths), onEnd),
    );
  }

  #closeFiles(): void {
    this.#capper?.[Symbol.dispose]();
    for (const companion of this.#companions) companion[Symbol.dispose]();
    this.#journal.close();
  }
}

const MOVES_CPUS = new Set(['STOP', 'RESUME', 'SUSPEND', 'WAKEUP']);

/**
 * Not SHUTDOWN, GUEST_PANICKED and WATCHDOG: where QEMU is not to exit, a STOP follows them, and one that exits can hang for
 * ever when it is asked something at that moment (`monitor_cleanup` of QEMU 7.2 waits for the command under way).
 */
const CHANGES_RUN_STATE = new Set([
  'STOP',
  'RESUME',
  'RESET',
  'SUSPEND',
  'WAKEUP',
  'BLOCK_IO_ERROR',
]);
