/**
 * A watched directory that remembers what was reported.
 */

import { systemClock } from '../../../src/host/clock.ts';
import { type DirectoryChange, VmDirectory } from '../../../src/host/vm-directory.ts';
import { silentLog, until } from './support.ts';

export interface Watched extends AsyncDisposable {
  readonly directory: VmDirectory;
  readonly batches: (readonly DirectoryChange[])[];
  readonly troubles: (string | undefined)[];
  /** Reports so far of one kind for one path. */
  count(kind: DirectoryChange['kind'], path: string): number;
  /** Waits until there is one more report than `before`. */
  untilReported(kind: DirectoryChange['kind'], path: string, before?: number): Promise<void>;
  untilTrouble(pattern: RegExp): Promise<void>;
  untilWell(): Promise<void>;
}

export async function watched(
  dir: string,
  known?: { readonly files: readonly string[]; readonly identity?: string },
): Promise<Watched> {
  const batches: (readonly DirectoryChange[])[] = [];
  const troubles: (string | undefined)[] = [];
  const directory = await VmDirectory.open({
    dir,
    clock: systemClock,
    log: silentLog,
    onChanges: (changes) => batches.push(changes),
    onTrouble: (trouble) => troubles.push(trouble),
    ...(known !== undefined && { known }),
  });
  const count: Watched['count'] = (kind, path) =>
    batches.flat().filter((change) => change.kind === kind && change.path === path).length;
  return {
    directory,
    batches,
    troubles,
    count,
    untilReported: (kind, path, before = 0) =>
      until(`${path} is reported ${kind}`, () => count(kind, path) > before),
    untilTrouble: (pattern) =>
      until(`a trouble like ${pattern}`, () => pattern.test(troubles.at(-1) ?? '')),
    untilWell: () => until('the trouble is over', () => troubles.at(-1) === undefined),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
