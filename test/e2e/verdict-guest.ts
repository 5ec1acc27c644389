/**
 * One running instance as a stranger to solovirt sees it: its processes, its evidence files and its second monitor.
 * What is done to it here needs no daemon.
 */
import { readFileSync } from 'node:fs';
import type { Intent } from '../../src/core/model/evidence.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { type InstancePaths, instancePaths } from '../../src/core/paths.ts';
import { readExitFile } from '../../src/qemu/exit-file.ts';
import { readIntents } from '../../src/qemu/intent.ts';
import { readJournal } from '../../src/qemu/journal.ts';
import { isAlive, type ProcessFile, readProcessFile } from '../../src/qemu/process-identity.ts';
import { QmpClient } from '../../src/qemu/qmp-client.ts';
import { QmpClosedError } from '../../src/qemu/qmp-error.ts';
import { poll, type World } from './daemon-harness.ts';

/** Whether a daemon sees the end, or is dead while it comes. */
export type Way = 'watched' | 'unwatched';

export class Guest {
  readonly world: World;
  readonly name: string;
  readonly way: Way;
  readonly paths: InstancePaths;
  readonly process: ProcessFile;

  private constructor(world: World, way: Way, name: string, paths: InstancePaths) {
    const file = readProcessFile(paths.process);
    if (file === undefined) throw new Error(`${name} has no QEMU`);
    this.world = world;
    this.way = way;
    this.name = name;
    this.paths = paths;
    this.process = file;
  }

  /** Resolves once the VM's instance has a process. */
  static async find(world: World, way: Way, name: string): Promise<Guest> {
    const vm = await world.until(
      name,
      'has an instance',
      (v) => v?.status.instance !== undefined || (v?.status.runHistory.length ?? 0) > 0,
    );
    const uid = vm?.status.instance?.uid;
    if (uid === undefined)
      throw new Error(`${name} has ended: ${JSON.stringify(vm?.status.runHistory)}`);
    const paths = instancePaths(world.state, world.runtime, uid);
    await poll(`${name} has a process`, () => readProcessFile(paths.process) !== undefined);
    return new Guest(world, way, name, paths);
  }

  get pid(): number {
    return this.process.identity.pid;
  }

  get alive(): boolean {
    return isAlive(this.process.identity);
  }

  console(): string {
    return readFileSync(this.paths.console, 'utf8');
  }

  intents(): readonly Intent['action'][] {
    return readIntents(this.paths).map(({ action }) => action);
  }

  async untilConsole(text: string): Promise<void> {
    await poll(`${this.name} says ${JSON.stringify(text)}`, () => this.console().includes(text));
  }

  /** Waits until QEMU's own journal has so many events of that name. */
  async untilEvent(name: string, count = 1): Promise<void> {
    await poll(`${this.name} journals ${name}`, () => {
      const events = readJournal(this.paths.events).filter(({ event }) => event === name);
      return events.length >= count;
    });
  }

  async untilIntent(action: Intent['action']): Promise<void> {
    await poll(`${action} of ${this.name} is recorded`, () => this.intents().includes(action));
  }

  /** QEMU is gone and its wait status is written. */
  async untilExit(): Promise<void> {
    await poll(
      `${this.name} has left its wait status`,
      () => !this.alive && readExitFile(this.paths) !== undefined,
    );
  }

  async untilGone(): Promise<void> {
    // A Linux boots first, beside dozens of others.
    await poll(`the QEMU of ${this.name} is gone`, () => !this.alive, 60_000);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.alive) throw new Error(`${this.name} is gone already`);
    process.kill(this.pid, signal);
  }

  /** Keeps an end that has begun from happening before the daemon is dead. */
  freeze(): void {
    if (this.way === 'unwatched') this.signal('SIGSTOP');
  }

  thaw(): void {
    if (this.way === 'unwatched') this.signal('SIGCONT');
  }

  async killShim(): Promise<void> {
    const { keeperPid } = this.process;
    if (keeperPid === undefined) throw new Error(`${this.name} has no parent on record`);
    process.kill(keeperPid, 'SIGKILL');
    // A zombie has no command line.
    await poll(`the parent of ${this.name} is gone`, () => commandLine(keeperPid) === '');
  }

  /** A command over the monitor that is meant for people; one that ends QEMU may stay without an answer. */
  async control(command: string, args?: JsonObject): Promise<void> {
    const options = { onEvent: () => {}, onClose: () => {} };
    await using client = await QmpClient.connect(this.paths.controlSocket, options);
    await client.execute(command, args).catch((error: unknown) => {
      if (!(error instanceof QmpClosedError)) throw error;
    });
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
