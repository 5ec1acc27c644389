/**
 * Writes small ISO 9660 images (ECMA-119) with Rock Ridge and Joliet names, as `genisoimage -joliet -rock` does: the one
 * kind of disk that every guest reads, and that cloud-init and its kin look for by label. Pure; the same files give the
 * same bytes.
 *
 * On the disk: descriptors, then for each of the two trees its path tables and its directories, then the files.
 */
import {
  big,
  both16,
  both32,
  bytesOf,
  little,
  padded,
  SECTOR,
  sectorsOf,
} from './iso9660-bytes.ts';
import { type Entry, JOLIET, type Naming, PRIMARY } from './iso9660-names.ts';

export interface IsoFile {
  /** Its parts, separated by `/`, have at most MAX_NAME_BYTES each. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Room for a label in ECMA-119; Joliet has the first 16 characters of it. */
export const MAX_LABEL_LENGTH = 32;

/** The sectors before the descriptors are left to the system. */
const FIRST_DESCRIPTOR = 16;
const DESCRIPTORS = 3;
const FOLDER_FLAG = 2;
/** 1 January 1970: what is in a manifest has no date of its own. */
const RECORDED = [70, 1, 1, 0, 0, 0, 0];
const NO_DATE = [...bytesOf('0'.repeat(16)), 0];

interface Folder {
  /** Empty for the root. */
  readonly path: string;
  /** The number of the folder above; the root is its own. */
  readonly parent: number;
}

interface Extent {
  readonly sector: number;
  readonly bytes: number;
}

/** One of the two trees; without places it can be written too, in order to be measured. */
interface Tree {
  readonly naming: Naming;
  readonly folders: readonly Folder[];
  readonly files: readonly IsoFile[];
  readonly placeOf: (kind: 'folder' | 'file', index: number) => Extent;
}

/** @param files with distinct paths, none of which is a folder of another */
export function writeIso9660(label: string, files: readonly IsoFile[]): Uint8Array {
  const folders = foldersOf(files);
  const parts: { readonly sector: number; readonly bytes: ArrayLike<number> }[] = [];
  let end = FIRST_DESCRIPTOR + DESCRIPTORS;
  const take = (bytes: number): Extent => {
    const extent = { sector: end, bytes };
    end += sectorsOf(bytes);
    return extent;
  };
  const trees = [PRIMARY, JOLIET].map((naming) => {
    const unplaced: Tree = { naming, folders, files, placeOf: () => ({ sector: 0, bytes: 0 }) };
    const tables = [little, big].map((order) => ({
      order,
      at: take(pathTable(unplaced, order).length),
    }));
    const places = folders.map((_, index) => take(directory(unplaced, index).length));
    return { naming, tables, places };
  });
  const contents = files.map(({ bytes }) => take(bytes.length));
  for (const [index, { naming, tables, places }] of trees.entries()) {
    const placeOf: Tree['placeOf'] = (kind, number) =>
      (kind === 'folder' ? places : contents)[number] ?? { sector: 0, bytes: 0 };
    const tree = { naming, folders, files, placeOf };
    const volume = { label, sectors: end, tables: tables.map(({ at }) => at) };
    parts.push({ sector: FIRST_DESCRIPTOR + index, bytes: descriptor(tree, volume) });
    for (const { order, at } of tables)
      parts.push({ sector: at.sector, bytes: pathTable(tree, order) });
    for (const [number, { sector }] of places.entries())
      parts.push({ sector, bytes: directory(tree, number) });
  }
  parts.push({ sector: FIRST_DESCRIPTOR + 2, bytes: descriptorHead(255) });
  for (const [index, { bytes }] of files.entries())
    parts.push({ sector: contents[index]?.sector ?? 0, bytes });
  const image = new Uint8Array(end * SECTOR);
  for (const { sector, bytes } of parts) image.set(bytes, sector * SECTOR);
  return image;
}

/** Level by level, as the path table has them. */
function foldersOf(files: readonly IsoFile[]): readonly Folder[] {
  const found: Folder[] = [{ path: '', parent: 0 }];
  // The list grows while it is walked.
  for (const [parent, { path }] of found.entries()) {
    const above = files.map((file) => folderAbove(file.path)).flatMap(withAncestors);
    const inside = above.filter((other) => other !== '' && folderAbove(other) === path);
    for (const other of [...new Set(inside)].toSorted()) found.push({ path: other, parent });
  }
  return found;
}

function withAncestors(path: string): readonly string[] {
  return path === '' ? [] : [...withAncestors(folderAbove(path)), path];
}

function folderAbove(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

interface Member extends Entry {
  readonly recorded: Uint8Array;
  readonly kind: 'folder' | 'file';
  readonly index: number;
}

function membersOf({ naming, folders, files }: Tree, folder: number): readonly Member[] {
  const above = folders[folder]?.path ?? '';
  const find = (kind: Member['kind'], paths: readonly string[]) =>
    paths.flatMap((path, index) =>
      path !== '' && folderAbove(path) === above
        ? [
            {
              kind,
              index,
              isFolder: kind === 'folder',
              name: path.slice(path.lastIndexOf('/') + 1),
            },
          ]
        : [],
    );
  const found = [
    ...find(
      'folder',
      folders.map(({ path }) => path),
    ),
    ...find(
      'file',
      files.map(({ path }) => path),
    ),
  ];
  const names = naming.names(found.map(({ name }) => name));
  return found
    .map((member, index) => ({ ...member, recorded: names[index] ?? Uint8Array.of() }))
    .toSorted((a, b) => compare(a.recorded, b.recorded));
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
}

/** ECMA-119 9.4 */
function pathTable(tree: Tree, order: typeof little): readonly number[] {
  const { folders, placeOf } = tree;
  const names = new Map<number, Uint8Array>([[0, Uint8Array.of(0)]]);
  for (const parent of folders.keys())
    for (const { kind, index, recorded } of membersOf(tree, parent))
      if (kind === 'folder') names.set(index, recorded);
  return folders.flatMap(({ parent }, index) => {
    const name = [...(names.get(index) ?? [])];
    const { sector } = placeOf('folder', index);
    const filler = name.length % 2 === 0 ? [] : [0];
    return [name.length, 0, ...order(sector, 4), ...order(parent + 1, 2), ...name, ...filler];
  });
}

/** Records that fill whole sectors; none crosses the border between two. */
function directory(tree: Tree, index: number): readonly number[] {
  const parent = tree.folders[index]?.parent ?? 0;
  const up = { kind: 'folder', isFolder: true } as const;
  const members = [
    { ...up, index, recorded: Uint8Array.of(0), isRoot: index === 0 },
    { ...up, index: parent, recorded: Uint8Array.of(1) },
    ...membersOf(tree, index),
  ];
  const found: number[] = [];
  for (const member of members) {
    const bytes = record(
      member,
      tree.placeOf(member.kind, member.index),
      tree.naming.extra(member),
    );
    if (sectorsOf(found.length + bytes.length) > sectorsOf(found.length + 1))
      found.push(...zeros(-found.length));
    found.push(...bytes);
  }
  return [...found, ...zeros(-found.length)];
}

/** As many as are missing to a whole sector. */
function zeros(negative: number): readonly number[] {
  return Array.from({ length: ((negative % SECTOR) + SECTOR) % SECTOR }, () => 0);
}

/** ECMA-119 9.1 */
function record(
  { recorded, isFolder }: Pick<Member, 'recorded' | 'isFolder'>,
  { sector, bytes }: Extent,
  extra: readonly number[],
): readonly number[] {
  const name = [...recorded, ...(recorded.length % 2 === 0 ? [0] : [])];
  const fixed = [
    ...both32(sector),
    ...both32(bytes),
    ...RECORDED,
    isFolder ? FOLDER_FLAG : 0,
    0,
    0,
  ];
  const rest = [0, ...fixed, ...both16(1), recorded.length, ...name, ...extra];
  const filler = rest.length % 2 === 0 ? [0] : [];
  return [rest.length + 1 + filler.length, ...rest, ...filler];
}

interface Volume {
  readonly label: string;
  readonly sectors: number;
  /** Little-endian, big-endian. */
  readonly tables: readonly Extent[];
}

/** ECMA-119 8.4 and 8.5 */
function descriptor(tree: Tree, { label, sectors, tables }: Volume): readonly number[] {
  const { text, type } = tree.naming;
  const [lowTable, highTable] = tables;
  const root = tree.placeOf('folder', 0);
  const fields = [
    ...descriptorHead(type),
    ...[0, ...text('', 32), ...text(label, 32), ...padded([], 8)],
    ...[
      ...both32(sectors),
      ...padded(tree.naming.escape, 32),
      ...both16(1),
      ...both16(1),
      ...both16(SECTOR),
    ],
    ...both32(lowTable?.bytes ?? 0),
    ...[...little(lowTable?.sector ?? 0, 4), ...little(0, 4)],
    ...[...big(highTable?.sector ?? 0, 4), ...big(0, 4)],
    ...record({ recorded: Uint8Array.of(0), isFolder: true }, root, []),
    ...[...text('', 128), ...text('', 128), ...text('', 128), ...text('SOLOVIRT', 128)],
    ...[...text('', 37), ...text('', 37), ...text('', 37)],
    ...[...NO_DATE, ...NO_DATE, ...NO_DATE, ...NO_DATE, 1],
  ];
  return padded(fields, SECTOR);
}

function descriptorHead(type: number): readonly number[] {
  return [type, ...bytesOf('CD001'), 1];
}
