/**
 * The VM files as this daemon last read them. A change of the directory is read here, parsed, and turned into the
 * keys of the VMs that it may concern: what to do about them is asked elsewhere.
 */
import type { Catalogue, Claims } from '../core/catalogue/catalogue.ts';
import { FileCatalogue } from '../core/catalogue/file-catalogue.ts';
import type { KnownFile } from '../core/catalogue/known-file.ts';
import type { Objects } from '../core/catalogue/objects.ts';
import type { Problem } from '../core/model/problem.ts';
import { readManifest } from '../host/read-manifest.ts';
import type { ParsedTexts } from './parsed-texts.ts';

export interface FileChange {
  readonly kind: 'changed' | 'removed';
  readonly path: string;
}

/** How long a file that is listed is waited for: it settles, or counts as removed, in a third of it. */
const UNREAD_MS = 1000;

export class VmFiles {
  readonly #files = new FileCatalogue();
  /** Removed by this daemon itself, and not yet reported by the watch. */
  readonly #removed = new Set<string>();
  readonly #listeners = new Set<() => void>();
  /** When each file that is not read yet was first listed, on the monotonic clock. */
  readonly #unreadSince = new Map<string, number>();
  readonly #texts: ParsedTexts;
  #seen = 0;

  constructor(texts: ParsedTexts) {
    this.#texts = texts;
  }

  get catalogue(): Catalogue {
    return this.#files.catalogue;
  }

  /** Secrets and ConfigMaps as last valid. */
  get objects(): Objects {
    return this.#files.objects;
  }

  /** Whole text of a file as last read; undefined when it could not be read. */
  text(path: string): string | undefined {
    return this.#files.file(path)?.text;
  }

  /**
   * Reads what changed.
   * @param listed every file of the directory: those not read yet keep their VMs
   * @returns keys of the VMs whose entry may have changed
   */
  async apply(
    changes: readonly FileChange[],
    listed: readonly string[],
    claims: Claims,
  ): Promise<readonly string[]> {
    if (this.#unreadSince.size > 0) this.#dropVanished(new Set(listed));
    for (const path of listed)
      if (!this.#files.has(path) && !this.#removed.has(path)) this.#files.take(this.#unread(path));
    for (const { path } of changes) this.#removed.delete(path);
    const texts = await Promise.all(changes.map((change) => this.#read(change)));
    for (const file of texts) this.#know(file);
    for (const { kind, path } of changes) if (kind === 'removed') this.#forget(path);
    return this.#resolve(claims);
  }

  /** A file that this daemon has just written itself: known before the watch reports it. */
  written(path: string, text: string, claims: Claims): readonly string[] {
    const known = this.#files.file(path) ?? this.#unread(path);
    this.#removed.delete(path);
    this.#know(this.#understood(known, text));
    return this.#resolve(claims);
  }

  /** A file that this daemon has just removed itself. */
  removed(path: string, claims: Claims): readonly string[] {
    this.#removed.add(path);
    this.#forget(path);
    return this.#resolve(claims);
  }

  /** Resolves once another text than this is known of the file, and after `ms` at the latest. */
  news(path: string, text: string | undefined, ms: number): Promise<void> {
    return this.#until(() => this.text(path) !== text, ms);
  }

  /** Resolves once the VM's file has been read or counts as removed, or will not be read soon. */
  async settled(key: string): Promise<void> {
    const path = this.catalogue.get(key)?.path;
    const listedAt = path === undefined ? undefined : this.#unreadSince.get(path);
    if (path === undefined || listedAt === undefined) return;
    const isSettled = (): boolean => !this.#unreadSince.has(path);
    await this.#until(isSettled, listedAt + UNREAD_MS - performance.now());
  }

  async #until(isSo: () => boolean, ms: number): Promise<void> {
    if (isSo() || ms <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isSo()) resolve();
    };
    const alarm = setTimeout(resolve, ms);
    this.#listeners.add(look);
    await promise;
    clearTimeout(alarm);
    this.#listeners.delete(look);
  }

  /** @param listener called whenever files were read, before the VMs that it concerns are looked at */
  onRead(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Gone before they were ever read. */
  #dropVanished(listed: ReadonlySet<string>): void {
    for (const path of this.#unreadSince.keys()) if (!listed.has(path)) this.#forget(path);
  }

  #know(file: KnownFile): void {
    this.#files.take(file);
    this.#unreadSince.delete(file.path);
  }

  #forget(path: string): void {
    this.#files.forget(path);
    this.#unreadSince.delete(path);
  }

  #resolve(claims: Claims): readonly string[] {
    const keys = this.#files.resolve(claims);
    for (const listener of this.#listeners) listener();
    return keys;
  }

  async #read(change: FileChange): Promise<KnownFile> {
    const known = this.#files.file(change.path) ?? this.#unread(change.path);
    if (change.kind === 'removed') return known;
    const result = await readManifest(change.path);
    if (result.ok) return this.#understood(known, result.text);
    const { text: _, ...rest } = known;
    return {
      ...rest,
      unread: false,
      documents: [],
      problems: [wholeFileProblem(result.code, result.message)],
    };
  }

  #understood(known: KnownFile, text: string): KnownFile {
    if (known.text === text && !known.unread) return known;
    const { documents, problems } = this.#texts.parse(text);
    return { path: known.path, order: known.order, text, documents, problems, unread: false };
  }

  #unread(path: string): KnownFile {
    this.#seen += 1;
    this.#unreadSince.set(path, performance.now());
    return { path, order: this.#seen, documents: [], problems: [], unread: true };
  }
}

function wholeFileProblem(code: string, message: string): Problem {
  return { code, severity: 'error', path: '', line: 1, column: 1, message };
}
