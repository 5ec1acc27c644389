/**
 * Which document of which file is in force for each VM. Pure: files as they were last read go in, entries come out.
 *
 * Rules: identity is namespace/name; of two documents with one identity the file that already holds the VM wins,
 * else the one seen first, and the other is a problem; a file that cannot be read or parsed keeps every VM that it
 * declared before; a VM is gone only when no file that was read declares it.
 */
import type { ParsedDocument } from '../manifest/parsed.ts';
import type { Problem } from '../model/problem.ts';
import type { VirtualMachine, VmIdentity } from '../model/virtual-machine.ts';
import { isBroken, type KnownFile } from './known-file.ts';
import type { FileFault } from './objects.ts';
import {
  circleProblems,
  type FilePlace,
  type OrderedVm,
  orderedVm,
  unknownNameProblems,
} from './start-order-problems.ts';

/** What the files say about one VM, or about a file that declares none. */
export interface CatalogueEntry extends VmIdentity {
  readonly key: string;
  readonly path: string;
  /** Place among the file's documents; absent when the document is not to be found at present. */
  readonly index?: number;
  /** Source text of the document; absent like `index`. */
  readonly text?: string;
  /** Present when the document is valid. */
  readonly vm?: VirtualMachine;
  /** Where the document names VMs to be started after. */
  readonly startAfterAt?: FilePlace;
  readonly problems: readonly Problem[];
  /** False for an entry that only carries the problems of a file. */
  readonly isVm: boolean;
}

export type Catalogue = ReadonlyMap<string, CatalogueEntry>;

export function keyOf(id: VmIdentity): string {
  return `${id.namespace}/${id.name}`;
}

/** Cheap, for it is asked of every VM whenever any file changes: an unchanged file keeps its parsed documents. */
export function sameEntry(a: CatalogueEntry | undefined, b: CatalogueEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.path === b.path &&
    a.index === b.index &&
    a.text === b.text &&
    a.vm === b.vm &&
    (a.problems === b.problems || JSON.stringify(a.problems) === JSON.stringify(b.problems))
  );
}

/** For each VM on record, the file that declared it last. */
export type Claims = ReadonlyMap<string, { readonly identity: VmIdentity; readonly path: string }>;

/** @param faults of documents that declare no VM */
export function resolveCatalogue(
  files: readonly KnownFile[],
  claims: Claims,
  faults: readonly FileFault[] = [],
): Catalogue {
  return withOrderProblems(resolveEntries(files, claims, faults));
}

/** Without what only all files together can tell of the order in which VMs are started. */
export function resolveEntries(
  files: readonly KnownFile[],
  claims: Claims,
  faults: readonly FileFault[],
): Catalogue {
  const entries = new Map<string, CatalogueEntry>();
  const losers: { file: KnownFile; document: ParsedDocument; identity: VmIdentity }[] = [];
  const ordered = [...files].sort((a, b) => a.order - b.order);
  for (const file of ordered) {
    for (const document of file.documents) {
      const { identity } = document;
      if (identity === undefined) continue;
      const key = keyOf(identity);
      const holder = entries.get(key);
      if (
        holder === undefined ||
        (claims.get(key)?.path === file.path && holder.path !== file.path)
      ) {
        if (holder !== undefined) losers.push(...documentsOf(ordered, holder));
        entries.set(key, entryOf(file, document, identity));
      } else {
        losers.push({ file, document, identity });
      }
    }
  }
  for (const file of ordered) if (isBroken(file)) keepClaims(entries, file, claims);
  for (const loser of losers) addFileEntry(entries, loser.file, [duplicate(entries, loser)]);
  for (const file of ordered)
    addOrphans(
      entries,
      file,
      faults.flatMap(({ path, problem }) => (path === file.path ? [problem] : [])),
    );
  return entries;
}

function documentsOf(
  files: readonly KnownFile[],
  entry: CatalogueEntry,
): { file: KnownFile; document: ParsedDocument; identity: VmIdentity }[] {
  const file = files.find((f) => f.path === entry.path);
  const document = file?.documents.find((d) => d.index === entry.index);
  if (file === undefined || document === undefined) return [];
  return [{ file, document, identity: { namespace: entry.namespace, name: entry.name } }];
}

function entryOf(file: KnownFile, document: ParsedDocument, identity: VmIdentity): CatalogueEntry {
  return {
    ...identity,
    key: keyOf(identity),
    path: file.path,
    index: document.index,
    text: document.text,
    ...(document.vm === undefined ? {} : { vm: document.vm }),
    ...(document.startAfterAt === undefined ? {} : { startAfterAt: document.startAfterAt }),
    problems: document.problems,
    isVm: true,
  };
}

function keepClaims(entries: Map<string, CatalogueEntry>, file: KnownFile, claims: Claims): void {
  const hiding = file.documents.flatMap(({ identity, mayHideOthers, problems }) =>
    identity !== undefined && mayHideOthers === true ? problems : [],
  );
  for (const [key, claim] of claims) {
    if (claim.path !== file.path || entries.has(key)) continue;
    const { namespace, name } = claim.identity;
    entries.set(key, {
      namespace,
      name,
      key,
      path: file.path,
      problems: [...problemsWithoutVm(file), ...hiding],
      isVm: true,
    });
  }
}

/** Of the file, of documents that nobody knows, and of those that declare something else. */
function problemsWithoutVm(file: KnownFile): readonly Problem[] {
  const orphans = file.documents.filter((d) => d.identity === undefined);
  return [...file.problems, ...orphans.flatMap((d) => d.problems)];
}

function duplicate(
  entries: ReadonlyMap<string, CatalogueEntry>,
  loser: { readonly document: ParsedDocument; readonly identity: VmIdentity },
): Problem {
  const key = keyOf(loser.identity);
  const holder = entries.get(key);
  return {
    code: 'duplicate-vm',
    severity: 'error',
    path: 'metadata.name',
    line: loser.document.startLine,
    column: 1,
    message: `VirtualMachine ${key} is already declared in ${holder?.path ?? 'another file'}, which stays in force; give this one another name or remove it`,
  };
}

/** Faults that belong to no VM are listed under the file's own name, so that nothing is silently ignored. */
function addOrphans(
  entries: Map<string, CatalogueEntry>,
  file: KnownFile,
  faults: readonly Problem[],
): void {
  const own = problemsWithoutVm(file);
  const carried = own.length > 0 && isCarried(entries, file);
  const problems = carried ? faults : [...own, ...faults];
  if (problems.length > 0) addFileEntry(entries, file, problems);
}

/** A VM of the file shows what is wrong with the file. */
function isCarried(entries: ReadonlyMap<string, CatalogueEntry>, { path }: KnownFile): boolean {
  return [...entries.values()].some((e) => e.isVm && e.path === path && e.index === undefined);
}

/**
 * What is wrong with a VM's file may so change although the file did not.
 * @returns the very same catalogue when no VM names others
 */
export function withOrderProblems(plain: Catalogue): Catalogue {
  const ordered = orderedVms(plain);
  if (ordered.length === 0) return plain;
  const entries = new Map(plain);
  const known = new Set([...entries.values()].flatMap(({ isVm, key }) => (isVm ? [key] : [])));
  const found = [...circleProblems(ordered), ...unknownNameProblems(ordered, known)];
  for (const [key, problem] of found) {
    const entry = entries.get(key);
    if (entry === undefined) continue;
    const problems = [...entry.problems, problem];
    entries.set(key, {
      ...entry,
      problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
    });
  }
  return entries;
}

function orderedVms(entries: Catalogue): readonly OrderedVm[] {
  const ordered: OrderedVm[] = [];
  for (const entry of entries.values()) {
    const vm = orderedVm(entry);
    if (vm !== undefined) ordered.push(vm);
  }
  return ordered;
}

function addFileEntry(
  entries: Map<string, CatalogueEntry>,
  file: KnownFile,
  problems: readonly Problem[],
): void {
  const key = `file:${file.path}`;
  const known = entries.get(key);
  entries.set(key, {
    namespace: 'default',
    name: file.path.slice(file.path.lastIndexOf('/') + 1),
    key,
    path: file.path,
    problems: [...(known?.problems ?? []), ...problems],
    isVm: false,
  });
}
