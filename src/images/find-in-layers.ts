/** Gets one file out of the layers of an image: the disk below `/disk`, or the file of a given path. */
import { rm } from 'node:fs/promises';
import { isHidden, type LayerName, readLayerName } from '../core/images/layer-names.ts';
import { HoleWriter } from './hole-writer.ts';
import { ImageError } from './image-error.ts';
import { type Budget, type EntryReader, type LayerVisitor, scanLayer } from './scan-layer.ts';

/** Where KubeVirt looks for the disk of a containerDisk without a path (`pkg/container-disk`). */
const DISK_DIRECTORY = 'disk';

export interface Wanted {
  /** In the image, without a leading `/`; undefined for the only file below `/disk`. */
  readonly path?: string;
  /** Where to write it; nothing is left there when this fails. */
  readonly target: string;
  readonly budget: Budget;
  readonly signal: AbortSignal;
}

/**
 * @param layers files of layers, the lowest first
 * @returns the path that the file has in the image
 * @throws ImageError when it is not there, is not one file, or no plain one
 */
export async function findInLayers(layers: readonly string[], wanted: Wanted): Promise<string> {
  const hidden: LayerName[] = [];
  for (const layer of layers.toReversed()) {
    using search = new Search(wanted, hidden);
    try {
      await scanLayer(layer, search);
    } catch (error) {
      await rm(wanted.target, { force: true });
      throw error;
    }
    if (search.found !== undefined) return search.found;
    hidden.push(...search.marks);
  }
  throw new ImageError(
    wanted.path === undefined
      ? `there is no disk in it: a container disk has one file below /${DISK_DIRECTORY}`
      : `there is no file /${wanted.path} in it`,
  );
}

/** Goes through one layer. */
class Search implements LayerVisitor, Disposable {
  readonly #wanted: Wanted;
  readonly #hidden: readonly LayerName[];
  #writer: HoleWriter | undefined;
  readonly marks: LayerName[] = [];
  found: string | undefined;

  constructor(wanted: Wanted, hidden: readonly LayerName[]) {
    this.#wanted = wanted;
    this.#hidden = hidden;
  }

  get signal(): AbortSignal {
    return this.#wanted.signal;
  }

  get budget(): Budget {
    return this.#wanted.budget;
  }

  visit({ path, type }: { readonly path: string; readonly type: string }): EntryReader | undefined {
    const name = readLayerName(path);
    switch (name.kind) {
      case 'escape':
        throw new ImageError(
          `a layer of it has an entry ${JSON.stringify(path)}, which leads out of it`,
        );
      case 'opaque':
      case 'whiteout':
        this.marks.push(name);
        return undefined;
      case 'path':
        return isHidden(name.path, this.#hidden) ? undefined : this.#look(name.path, type);
    }
  }

  [Symbol.dispose](): void {
    this.#writer?.[Symbol.dispose]();
  }

  #look(path: string, type: string): EntryReader | undefined {
    // A link in place of the directory would have its files elsewhere.
    if (this.#isAbove(path) && type !== 'Directory') throw notPlain(path, type);
    if (!this.#isWanted(path) || type === 'Directory') return undefined;
    if (SPARSE_PART.test(path)) throw notPlain(withoutSparse(path), 'SparseFile');
    if (!PLAIN.includes(type)) throw notPlain(path, type);
    if (this.found !== undefined)
      throw new ImageError(
        path === this.found
          ? `/${path} is in one layer twice`
          : `there is more than one file below /${DISK_DIRECTORY}: /${this.found} and /${path}`,
        { hint: 'Say with --path which one is meant.' },
      );
    this.found = path;
    const writer = new HoleWriter(this.#wanted.target);
    this.#writer = writer;
    return { chunk: (bytes) => writer.write(bytes), end: () => writer.finish() };
  }

  #isAbove(path: string): boolean {
    const { path: wanted = `${DISK_DIRECTORY}/` } = this.#wanted;
    return path !== '' && wanted.startsWith(`${path}/`);
  }

  #isWanted(path: string): boolean {
    const { path: wanted } = this.#wanted;
    if (wanted !== undefined) return withoutSparse(path) === wanted;
    const [directory, ...rest] = withoutSparse(path).split('/');
    return directory === DISK_DIRECTORY && rest.length === 1;
  }
}

const PLAIN: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];

/** How GNU tar calls what it stores without its holes (`--format=posix --sparse`). */
const SPARSE_PART = /(^|\/)GNUSparseFile\.\d+\//;

function withoutSparse(path: string): string {
  return path.replace(SPARSE_PART, '$1');
}

const WORDS: Readonly<Record<string, string>> = {
  SymbolicLink: 'a symbolic link',
  Link: 'a hard link',
  SparseFile: 'stored as a sparse file',
};

function notPlain(path: string, type: string): ImageError {
  return new ImageError(`/${path} in it is ${WORDS[type] ?? `of type ${type}`}, not a plain file`, {
    hint: 'Build the image with the file itself at that place.',
  });
}
