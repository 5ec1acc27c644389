/**
 * Watches the VM directory and reports which manifests changed or went away. Owns the watch and one timer.
 *
 * Events are hints only: every one of them leads to a look, and the difference to what was reported last is what
 * counts (`vm-directory-ledger.ts`). So an event that comes twice or late changes nothing but latency. Where the hints
 * name a few files, only these are looked at, and what is pending; else, and whenever hints may have been lost, all. A directory that cannot be looked at is a trouble, never a removal. Nothing runs while
 * nothing happens; only in trouble the directory is looked at every second.
 */
import { resolve } from 'node:path';
import type { Clock, Logger } from '../ports.ts';
import {
  createLedger,
  DEFAULT_SETTLE_MS,
  type DirectoryChange,
  forgetMissing,
  isNews,
  type Ledger,
  type Listing,
  ledgerPaths,
  observe,
} from './vm-directory-ledger.ts';
import { type Look, listManifests, lookAtDirectory, lookAtManifests } from './vm-directory-list.ts';
import { type DirectoryWatch, watchDirectory } from './vm-directory-watch.ts';

export type { DirectoryChange } from './vm-directory-ledger.ts';

/** Events that come together are answered by one look. */
const DEBOUNCE_MS = 5;
const POLL_MS = 1000;
/** The kernel drops events when 16384 are queued (inotify(7), max_queued_events): long before that, all is looked at. */
const MANY_HINTS = 256;
/** A directory on a dead network file system does not answer at all. */
const LOOK_DEADLINE_MS = 10_000;

export interface VmDirectoryOptions {
  /** Absolute. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Called with at least one change, also before `open` returns. Must not throw.
   * @param files what `files` gives at that moment
   */
  readonly onChanges: (changes: readonly DirectoryChange[], files: readonly string[]) => void;
  /** Called when the trouble or its wording changes; undefined: all is well (again). */
  readonly onTrouble: (trouble: string | undefined) => void;
  /** How long a file must have been left alone before it is reported. */
  readonly settleMs?: number;
  /**
   * What an earlier daemon knew: a file that is missing now is reported as removed, and an empty directory that
   * is not the one known counts as vanished.
   */
  readonly known?: { readonly files: readonly string[]; readonly identity?: string };
}

export class VmDirectory implements AsyncDisposable {
  readonly #options: VmDirectoryOptions;
  readonly #ledger: Ledger;
  #identity: string | undefined;
  #watch: { readonly identity: string; readonly handle: DirectoryWatch } | undefined;
  #watchTrouble: string | undefined;
  #trouble: string | undefined;
  #timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | undefined;
  /** Whoever waits for the next look. */
  #asked: (() => void)[] = [];
  /** What the next look is to include beside what is pending. */
  #wanted: Set<string> | 'all' = 'all';
  #hints = 0;
  readonly #unreadable = new Set<string>();
  #looking = false;
  #lookAgain = false;
  #closed = false;

  private constructor(options: VmDirectoryOptions) {
    this.#options = { ...options, dir: resolve(options.dir) };
    this.#ledger = createLedger(options.settleMs ?? DEFAULT_SETTLE_MS, options.known?.files);
    this.#identity = options.known?.identity;
  }

  /**
   * Begins to watch. Files that are there and settled have been reported when this resolves; a directory that
   * cannot be read is a trouble and does not make it fail.
   */
  static async open(options: VmDirectoryOptions): Promise<VmDirectory> {
    const directory = new VmDirectory(options);
    const { promise: deadline, resolve: giveUp } = Promise.withResolvers<void>();
    const alarm = setTimeout(giveUp, LOOK_DEADLINE_MS);
    await Promise.race([directory.#look(), deadline]);
    clearTimeout(alarm);
    return directory;
  }

  /** Absolute paths of all manifests that are there or not yet counted as removed, sorted. */
  files(): readonly string[] {
    return ledgerPaths(this.#ledger);
  }

  /** Tells the directory last listed from any other; for `known` of the next daemon. */
  identity(): string | undefined {
    return this.#identity;
  }

  /**
   * Looks at the directory soon although no event came, e.g. because somebody asked for a reload. Resolves after
   * that look, however it went, or when its deadline is over.
   */
  async rescan(): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve: looked } = Promise.withResolvers<void>();
    this.#asked.push(looked);
    this.#wanted = 'all';
    this.#lookIn(0);
    const alarm = setTimeout(looked, LOOK_DEADLINE_MS);
    await promise;
    clearTimeout(alarm);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer?.handle);
    for (const looked of this.#asked.splice(0)) looked();
    await this.#watch?.handle.close();
    this.#watch = undefined;
  }

  /** Keeps the earlier of two appointments. */
  #lookIn(delayMs: number): void {
    if (this.#closed) return;
    const dueMs = performance.now() + delayMs;
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, delayMs);
    this.#timer = { handle, dueMs };
  }

  /** One look at a time. */
  async #look(): Promise<void> {
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = true;
    const alarm = setTimeout(() => {
      this.#setTrouble(
        `VM directory ${this.#options.dir} has not answered for ${LOOK_DEADLINE_MS / 1000} s; the VMs known from it stay as they are`,
      );
    }, LOOK_DEADLINE_MS);
    const asked = this.#asked.splice(0);
    await this.#lookNow();
    for (const looked of asked) looked();
    clearTimeout(alarm);
    this.#looking = false;
    if (this.#lookAgain) this.#lookIn(DEBOUNCE_MS);
    this.#lookAgain = false;
  }

  async #lookNow(): Promise<void> {
    const { dir } = this.#options;
    const wanted = this.#wanted;
    this.#wanted = new Set();
    this.#hints = 0;
    const before = await lookAtDirectory(dir);
    if (!before.ok) return this.#fail(before.trouble);
    const anew = await this.#watchOver(before.value);
    const scope =
      wanted === 'all' || anew || before.value !== this.#identity
        ? undefined
        : new Set([...wanted, ...this.#ledger.pending]);
    const listing = await this.#list(scope);
    if (this.#closed) return undefined;
    if (!listing.ok) return this.#fail(listing.trouble);
    const after = await lookAtDirectory(dir);
    if (!after.ok) return this.#fail(after.trouble);
    // Replaced meanwhile: nobody knows which directory was listed.
    if (after.value !== before.value) return this.#lookAtAllIn(DEBOUNCE_MS);
    if (scope === undefined && listing.value.size === 0 && this.#isStrange(after.value)) {
      return this.#fail(
        `VM directory ${dir} was replaced by an empty one (unmounted?); the VMs known from it stay as they are until files are there again`,
      );
    }
    this.#identity = after.value;
    this.#takeIn(listing.value, scope);
  }

  async #list(scope: ReadonlySet<string> | undefined): Promise<Look<Listing>> {
    const known = (path: string, print: string): boolean => isNews(this.#ledger, path, print);
    if (scope === undefined) return await listManifests(this.#options.dir, known);
    return { ok: true, value: await lookAtManifests([...scope], known) };
  }

  /** An empty directory in the place of one that had files is a vanished one, not many removals. */
  #isStrange(identity: string): boolean {
    return this.#ledger.entries.size > 0 && identity !== this.#identity;
  }

  #takeIn(listing: Listing, scope: ReadonlySet<string> | undefined): void {
    if (this.#closed) return;
    const now = { wallMs: this.#options.clock.now(), monotonicMs: performance.now() };
    const { changes, lookAgainMs } = observe(this.#ledger, listing, now, scope);
    if (lookAgainMs !== undefined) this.#lookIn(lookAgainMs);
    for (const path of scope ?? this.#unreadable) this.#unreadable.delete(path);
    for (const [path, { shape }] of listing) if (shape === 'unreadable') this.#unreadable.add(path);
    // Nothing tells when a dangling link leads somewhere again.
    if (this.#unreadable.size > 0 || this.#watchTrouble !== undefined) this.#lookAtAllIn(POLL_MS);
    this.#setTrouble(this.#watchTrouble);
    if (changes.length > 0) this.#options.onChanges(changes, this.files());
  }

  #fail(trouble: string): void {
    if (this.#closed) return;
    forgetMissing(this.#ledger);
    this.#setTrouble(trouble);
    this.#lookAtAllIn(POLL_MS);
  }

  #setTrouble(trouble: string | undefined): void {
    if (this.#closed || this.#trouble === trouble) return;
    this.#trouble = trouble;
    this.#options.onTrouble(trouble);
  }

  #lookAtAllIn(delayMs: number): void {
    this.#wanted = 'all';
    this.#lookIn(delayMs);
  }

  #hint(path: string | undefined): void {
    this.#hints += 1;
    if (path === undefined || this.#hints > MANY_HINTS) this.#wanted = 'all';
    else if (this.#wanted !== 'all') this.#wanted.add(path);
    this.#lookIn(DEBOUNCE_MS);
  }

  /**
   * Sees to it that the watch is on this very directory, and that it works.
   * @returns whether it had to be set up: what happened before it has led to no hint
   */
  async #watchOver(identity: string): Promise<boolean> {
    if (this.#closed) return false;
    if (this.#watch?.identity === identity && this.#watchTrouble === undefined) return false;
    const { dir, log } = this.#options;
    await this.#watch?.handle.close();
    this.#watch = undefined;
    let broken: string | undefined;
    const handle = await watchDirectory(dir, {
      onHint: (path) => this.#hint(path),
      onBroken: (reason) => {
        broken = reason;
        this.#watchBroke(reason);
      },
    });
    if (broken === undefined) this.#watchTrouble = undefined;
    log.debug({ dir, broken }, 'watching the VM directory');
    if (this.#closed) await handle.close();
    else this.#watch = { identity, handle };
    return true;
  }

  #watchBroke(reason: string): void {
    this.#watchTrouble = `VM directory ${this.#options.dir} is looked at every second only, because changes cannot be watched: ${reason}`;
    this.#lookAtAllIn(POLL_MS);
  }
}
