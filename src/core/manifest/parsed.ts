/**
 * What reading a VM file yields. Faults are values with positions; nothing here is ever thrown.
 */
import type { FileObject, ObjectId } from '../model/file-object.ts';
import type { Problem } from '../model/problem.ts';
import type { VirtualMachine, VmIdentity } from '../model/virtual-machine.ts';

export interface ParsedFile {
  /** In file order, without the empty ones. */
  readonly documents: readonly ParsedDocument[];
  /**
   * Faults that belong to no document: the file is too large, say. When one of them is an error, a
   * document that is missing from `documents` is unknown, not removed.
   */
  readonly problems: readonly Problem[];
}

export interface ParsedDocument {
  /** 0-based place among the file's documents; empty documents count, so that it fits an edit. */
  readonly index: number;
  /**
   * The source text of this document alone; parsing it again gives the same VM. Empty for a document that declares
   * another object, and for one that is not understood and may be a Secret.
   */
  readonly text: string;
  /** 1-based line of the file on which `text` begins. */
  readonly startLine: number;
  /**
   * Present whenever the name and namespace are readable and valid, even if the rest is broken. Absent
   * for a document that plainly declares something else.
   */
  readonly identity?: VmIdentity;
  /** Absent when a problem is an error. */
  readonly vm?: VirtualMachine;
  /** Present for a document of another kind that is read, whenever its name and namespace are readable and valid. */
  readonly object?: DeclaredObject;
  /** The document is not valid YAML: others that stood in the file may have become part of its text. */
  readonly mayHideOthers?: true;
  /** Where the VM names others to be started after. Whether there are such VMs only all files together tell. */
  readonly startAfterAt?: Pick<Problem, 'path' | 'line' | 'column'>;
  /** In order of position in the file. */
  readonly problems: readonly Problem[];
}

export interface DeclaredObject extends ObjectId {
  /** Absent when a problem is an error. */
  readonly content?: FileObject;
}
