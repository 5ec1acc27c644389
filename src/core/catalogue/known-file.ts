/** One file of the VM directory, as last read. */
import type { ParsedDocument } from '../manifest/parsed.ts';
import type { Problem } from '../model/problem.ts';

export interface KnownFile {
  readonly path: string;
  /** Order in which the files were first seen. */
  readonly order: number;
  /** Whole text; absent when it could not be read. */
  readonly text?: string;
  readonly documents: readonly ParsedDocument[];
  /** Faults of the file as a whole: unreadable, too large, broken syntax. */
  readonly problems: readonly Problem[];
  /** Listed, but not read yet: what it declared before still holds. */
  readonly unread: boolean;
}

/** A file from which documents may be missing only because it cannot be understood at present. */
export function isBroken(file: KnownFile): boolean {
  return (
    file.unread ||
    file.problems.some((p) => p.severity === 'error') ||
    file.documents.some((d) => isNameless(d) || d.mayHideOthers === true)
  );
}

/** A document of which nobody knows what it declares. */
export function isNameless({ identity, object }: ParsedDocument): boolean {
  return identity === undefined && object === undefined;
}
