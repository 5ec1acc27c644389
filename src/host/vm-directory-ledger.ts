/**
 * The bookkeeping of the VM directory: compares one listing after another with what was last reported and says
 * what changed. Pure: listings and instants go in, changes and the time of the next look come out.
 *
 * - A fingerprint is reported once it has settled, so that a file is not read while somebody still writes it.
 * - A removal is reported only after the file has been missing from good listings for `REMOVAL_MS`.
 * - A renamed file's removal and its new name are reported in one batch, however long the new name settles.
 */

/** What a listing says about one file. */
export interface Sighting {
  /** Differs whenever the content may differ. */
  readonly fingerprint: string;
  /** The same for a file under any name, never reused for another file. */
  readonly fileId: string;
  readonly size: number;
  /** Unix time in milliseconds. */
  readonly mtimeMs: number;
  /**
   * `finished`: ends in a newline. `unfinished`: may be half-written. `unreadable`: the name is there, but what
   * it leads to is not (a dangling link, no permission).
   */
  readonly shape: 'finished' | 'unfinished' | 'unreadable';
}

/** One successful listing, of all files or of those that were asked for; keys are absolute paths. */
export type Listing = ReadonlyMap<string, Sighting>;

export interface DirectoryChange {
  readonly kind: 'changed' | 'removed';
  /** Absolute. */
  readonly path: string;
}

export interface Instant {
  /** Wall clock, to compare with mtimes. */
  readonly wallMs: number;
  /** Monotonic clock, for durations. */
  readonly monotonicMs: number;
}

/**
 * How long a finished-looking file must have been left alone. Programs that write a small file in several
 * calls do so within a millisecond or two; the kernel's coarse mtime clock lags by up to 10 ms (CONFIG_HZ=100);
 * 30 ms leaves as much again for a writer that is preempted on a busy host. A writer that is slower still and
 * stops at a line end costs one read too many, for its next write is a change again.
 */
export const DEFAULT_SETTLE_MS = 30;

/**
 * The same for a file that looks half-written: empty, without a final newline, or shorter than before (a
 * rewrite in place cuts it first, and taking the rest for deleted would stop the VMs declared there).
 */
export const SUSPICIOUS_SETTLE_MS = 250;

/** Editors delete and recreate; within this time the file is back. */
export const REMOVAL_MS = 300;

interface Reported {
  readonly fingerprint: string;
  readonly fileId: string;
  readonly size: number;
}

interface Entry {
  reported?: Reported;
  candidate?: { readonly fingerprint: string; readonly firstSeenMs: number };
  missingSinceMs?: number;
}

/** Mutable, owned by one `VmDirectory`; opaque to everybody else. */
export interface Ledger {
  readonly settleMs: number;
  readonly entries: Map<string, Entry>;
  /** Files of which the next look is to tell something: not settled yet, or missing for a moment. */
  readonly pending: Set<string>;
  /** Names of all entries, sorted; absent since an entry came or went. */
  sorted?: readonly string[];
}

export interface Observation {
  readonly changes: readonly DirectoryChange[];
  /** Look again after this many milliseconds; absent when nothing is pending. */
  readonly lookAgainMs?: number;
}

/** @param known paths reported by an earlier daemon: missing ones count as removed, present ones as changed */
export function createLedger(settleMs: number, known: readonly string[] = []): Ledger {
  const unseen: Reported = { fingerprint: '', fileId: '', size: 0 };
  const entries = new Map(known.map((path) => [path, { reported: unseen }]));
  return { settleMs, entries, pending: new Set() };
}

/** Every file that is there or not yet counted as removed, sorted. */
export function ledgerPaths(ledger: Ledger): readonly string[] {
  ledger.sorted ??= [...ledger.entries.keys()].sort();
  return ledger.sorted;
}

/** False when this fingerprint was reported already, so that nobody need look closer. */
export function isNews(ledger: Ledger, path: string, fingerprint: string): boolean {
  return ledger.entries.get(path)?.reported?.fingerprint !== fingerprint;
}

/** The directory could not be listed: whatever was missing must be found missing afresh. */
export function forgetMissing(ledger: Ledger): void {
  for (const entry of ledger.entries.values()) delete entry.missingSinceMs;
}

/**
 * Takes in a listing.
 * @param scope the paths that were looked at, among them all that are pending; all of the directory unless given
 */
export function observe(
  ledger: Ledger,
  listing: Listing,
  now: Instant,
  scope?: ReadonlySet<string>,
): Observation {
  const waits: number[] = [];
  const changed: DirectoryChange[] = [];
  const removed: DirectoryChange[] = [];
  const arrivals = newFileIds(ledger, listing);

  for (const [path, sighting] of [...listing].sort(byPath)) {
    const waitMs = observePresent(ledger, path, sighting, now);
    if (waitMs === 0) changed.push({ kind: 'changed', path });
    else if (waitMs !== undefined) waits.push(waitMs);
    notePending(ledger, path);
  }
  for (const [path, entry] of missing(ledger, listing, scope)) {
    const arrival = arrivals.get(entry.reported?.fileId ?? '');
    const waitMs = observeMissing(ledger, path, entry, arrival, now);
    if (waitMs === 0) removed.push({ kind: 'removed', path });
    else if (waitMs !== undefined) waits.push(waitMs);
    notePending(ledger, path);
  }
  return {
    changes: [...removed, ...changed],
    ...(waits.length > 0 && { lookAgainMs: Math.ceil(Math.min(...waits)) }),
  };
}

function missing(
  { entries }: Ledger,
  listing: Listing,
  scope: ReadonlySet<string> | undefined,
): readonly (readonly [string, Entry])[] {
  return [...(scope ?? entries.keys())].sort().flatMap((path) => {
    const entry = listing.has(path) ? undefined : entries.get(path);
    return entry === undefined ? [] : [[path, entry] as const];
  });
}

function notePending({ entries, pending }: Ledger, path: string): void {
  const { candidate, missingSinceMs } = entries.get(path) ?? {};
  if (candidate === undefined && missingSinceMs === undefined) pending.delete(path);
  else pending.add(path);
}

/** Files at paths where nothing, or another file, was reported so far: the new ends of renames. */
function newFileIds(ledger: Ledger, listing: Listing): ReadonlyMap<string, string> {
  const arrivals = new Map<string, string>();
  for (const [path, { fileId }] of listing) {
    if (ledger.entries.get(path)?.reported?.fileId !== fileId) arrivals.set(fileId, path);
  }
  return arrivals;
}

/** @returns 0 when it is to be reported now, else the wait, or undefined when there is no news */
function observePresent(
  ledger: Ledger,
  path: string,
  sighting: Sighting,
  now: Instant,
): number | undefined {
  const entry = ledger.entries.get(path) ?? newEntry(ledger, path);
  delete entry.missingSinceMs;
  if (entry.reported?.fingerprint === sighting.fingerprint) {
    delete entry.candidate;
    return undefined;
  }
  if (entry.candidate?.fingerprint !== sighting.fingerprint) {
    entry.candidate = { fingerprint: sighting.fingerprint, firstSeenMs: now.monotonicMs };
  }
  const waitMs =
    settleTime(ledger, entry, sighting) - age(entry.candidate.firstSeenMs, sighting, now);
  if (waitMs > 0) return waitMs;
  entry.reported = sighting;
  delete entry.candidate;
  return 0;
}

function newEntry(ledger: Ledger, path: string): Entry {
  const entry: Entry = {};
  ledger.entries.set(path, entry);
  delete ledger.sorted;
  return entry;
}

function removeEntry(ledger: Ledger, path: string): void {
  ledger.entries.delete(path);
  delete ledger.sorted;
}

function settleTime(ledger: Ledger, entry: Entry, sighting: Sighting): number {
  switch (sighting.shape) {
    case 'unreadable':
      return REMOVAL_MS;
    case 'unfinished':
      return SUSPICIOUS_SETTLE_MS;
    case 'finished':
      return sighting.size < (entry.reported?.size ?? 0) ? SUSPICIOUS_SETTLE_MS : ledger.settleMs;
  }
}

/** By the mtime, or, should that lie in the future (clock skew, `touch -d`), by how long we have seen it. */
function age(firstSeenMs: number, sighting: Sighting, now: Instant): number {
  return Math.max(now.wallMs - sighting.mtimeMs, now.monotonicMs - firstSeenMs);
}

/** @returns 0 when the removal is to be reported now, else the wait, or undefined when nobody needs to know */
function observeMissing(
  ledger: Ledger,
  path: string,
  entry: Entry,
  arrival: string | undefined,
  now: Instant,
): number | undefined {
  delete entry.candidate;
  if (entry.reported === undefined) {
    removeEntry(ledger, path);
    return undefined;
  }
  entry.missingSinceMs ??= now.monotonicMs;
  const renamed = arrival !== undefined;
  const reportedAsNew = renamed && ledger.entries.get(arrival)?.candidate === undefined;
  const waitMs = REMOVAL_MS - (now.monotonicMs - entry.missingSinceMs);
  // The new name has its own wait, which ends in a batch with this removal.
  if (renamed && !reportedAsNew) return undefined;
  if (!renamed && waitMs > 0) return waitMs;
  removeEntry(ledger, path);
  return 0;
}

function byPath(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
