/**
 * One QEMU as this daemon sees it, from the preparation of its images to its end, whether this daemon launched it
 * or found it running. Observes and obeys; it decides nothing: whoever owns it is told that something changed and
 * looks again.
 *
 * Invariants: the stage only moves launching → live → ending → ended; `ended` means that QEMU is gone and that its evidence
 * is as complete as it will ever be; letting go of it (`release`) never touches the guest.
 */
import type { ProcessIdentity, QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstancePaths } from '../core/paths.ts';
import type { InstanceView } from '../core/strategy/situation.ts';
import { errorMessage } from '../core/thrown.ts';
import type { Clock } from '../ports.ts';
import { AgentLink } from './agent-link.ts';
import { EventFacts } from './event-facts.ts';
import { waitForExitFile } from './exit-file.ts';
import { InstanceFiles, type InstanceFilesDeps } from './instance-files.ts';
import { identityOf, isInstanceAlive } from './instance-process.ts';
import { readJournal } from './journal.ts';
import { type LaunchInput, launch } from './launch.ts';
import type { Launcher, Target } from './launcher.ts';
import { MemoryDump } from './memory-dump.ts';
import { Monitor } from './monitor.ts';
import { isAlive, readProcessFile } from './process-identity.ts';

export interface LiveInstanceDeps extends InstanceFilesDeps {
  readonly vm: VmIdentity;
  readonly launcher: Launcher;
  readonly clock: Clock;
  /** Something about the instance changed: look again. */
  readonly onChange: () => void;
  /** An event of QEMU, in order, while the monitor is connected. */
  readonly onEvent: (event: QmpEvent) => void;
  /** A QMP command failed; its caller is told as well. */
  readonly onFailure: (command: string, error: unknown) => void;
  /** A session of its monitor has begun. */
  readonly onConnected?: () => void;
}

export class LiveInstance {
  readonly paths: InstancePaths;
  /** Resolves when it has ended; never when it is let go of before. */
  readonly ended: Promise<void>;
  readonly #ended = Promise.withResolvers<void>();
  readonly guest: AgentLink;
  readonly dump: MemoryDump;
  readonly facts = new EventFacts();
  readonly #deps: LiveInstanceDeps;
  readonly #files: InstanceFiles;
  readonly #monitor: Monitor;
  #stage: 'unlaunched' | 'launching' | 'live' | 'ending' | 'ended' = 'launching';
  #identity: ProcessIdentity | undefined;
  #launchError: string | undefined;
  #runState: string | undefined;
  #spawnedAt: number | undefined;
  #stateEvents = 0;
  #watched = false;

  private constructor(paths: InstancePaths, deps: LiveInstanceDeps) {
    this.paths = paths;
    this.ended = this.#ended.promise;
    this.#deps = deps;
    this.dump = new MemoryDump(deps.clock);
    this.#files = new InstanceFiles(paths, deps);
    this.#monitor = new Monitor(paths, {
      onEvent: (event) => this.#take(event),
      onConnected: (runState) => this.#connected(runState),
      onChange: () => {
        if (this.#monitor.unresponsive) this.facts.takeEnd(readJournal(paths.events));
        deps.onChange();
      },
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
      instance.#stage = instance.facts.resumed ? 'ended' : 'unlaunched';
      return instance;
    }
    instance.#identity = identity;
    if (isInstanceAlive(identity, paths)) {
      instance.#stage = 'live';
      instance.#files.watch();
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
          resumed: this.facts.resumed,
          agent: this.guest.agent.standing === 'connected',
          ...(this.dump.state === undefined ? {} : { dump: this.dump.state }),
          ...(this.#runState === undefined ? {} : { runState: this.#runState }),
          ...(this.facts.endTold === undefined ? {} : { endTold: this.facts.endTold }),
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

  /** When this daemon had spawned QEMU (Unix ms); undefined when it took it over. */
  get spawnedAt(): number | undefined {
    return this.#spawnedAt;
  }

  /** Until when the guest counts as in a reboot loop (Unix ms); undefined when it is not in one. */
  get loopUntil(): number | undefined {
    return this.facts.loopUntil(this.#deps.clock.now());
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
    this.#files[Symbol.dispose]();
    this.guest.release();
    await this.#monitor.release();
  }

  async #launch(input: LaunchInput): Promise<void> {
    try {
      this.#identity = await launch(input, this.#deps.launcher);
      this.#spawnedAt = this.#deps.clock.now();
      this.#stage = 'live';
      this.#files.watch();
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
    this.#launchError = errorMessage(error);
    this.#stage = 'ended';
  }

  async #watch(identity: ProcessIdentity): Promise<void> {
    this.#watched = true;
    if (await this.#monitor.hold(identity)) await this.#finish(identity);
  }

  #connected(runState: string | undefined): void {
    this.#runState = runState;
    if (runState !== 'prelaunch' && runState !== 'inmigrate') this.facts.setResumed();
    this.#deps.onConnected?.();
    this.guest.look();
    this.#deps.onChange();
  }

  async #finish(identity: ProcessIdentity): Promise<void> {
    this.#stage = 'ending';
    this.guest.release();
    await waitForExitFile(this.paths, identity, this.#deps.launcher.exitFileMs);
    this.#files[Symbol.dispose]();
    this.#stage = 'ended';
    this.#ended.resolve();
    this.#deps.onChange();
  }

  #remember(event: QmpEvent): void {
    this.facts.take(event);
    this.dump.take(event);
  }

  #take(event: QmpEvent): void {
    this.#remember(event);
    this.#files.take(event);
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
}

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
