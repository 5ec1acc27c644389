/**
 * How files are called in the two trees of an ISO 9660 image: the primary one, whose names are short and which has the
 * real ones in Rock Ridge's fields (IEEE P1282), for Linux and the BSDs, and Joliet's, in UCS-2, for Windows.
 */
import { both32, bytesOf, padded } from './iso9660-bytes.ts';

/** So that a record, at most 255 bytes long, holds the name and everything else. */
export const MAX_NAME_BYTES = 128;

export interface Entry {
  /** Absent for a folder's records of itself and of the one above. */
  readonly name?: string;
  readonly isFolder: boolean;
  /** The root's record of itself. */
  readonly isRoot?: boolean;
}

export interface Naming {
  /** Type of the volume descriptor (ECMA-119 8.1.1). */
  readonly type: number;
  /** Says which character set the texts are in. */
  readonly escape: readonly number[];
  text(value: string, length: number): readonly number[];
  /** Distinct names for the entries of one folder, in their order. */
  names(wanted: readonly string[]): readonly Uint8Array[];
  /** What follows the name in a record. */
  extra(entry: Entry): readonly number[];
}

export const PRIMARY: Naming = {
  type: 1,
  escape: [],
  text: (value, length) => padded(bytesOf(value), length, SPACE),
  names: (wanted) =>
    distinct(
      wanted.map((name) => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')),
      30,
    ).map((name) => Uint8Array.from(bytesOf(name))),
  extra: ({ name, isFolder, isRoot = false }) => [
    ...(isRoot ? SHARING_PROTOCOL : []),
    ...posixAttributes(isFolder),
    ...(isRoot ? ROCK_RIDGE : []),
    ...(name === undefined ? [] : alternateName(name)),
  ],
};

export const JOLIET: Naming = {
  type: 2,
  // UCS-2, level 3
  escape: bytesOf('%/E'),
  text: (value, length) => padded(ucs2(value), length, [0, ...SPACE]),
  names: (wanted) => distinct(wanted, 64).map((name) => Uint8Array.from(ucs2(name))),
  extra: () => [],
};

const SPACE = bytesOf(' ');

/** Cut to a length, with a number where two would be the same then. */
function distinct(wanted: readonly string[], length: number): readonly string[] {
  const taken = new Set<string>();
  return wanted.map((name) => {
    let chosen = name.slice(0, length);
    for (let number = 1; taken.has(chosen); number += 1) {
      const ending = `_${number}`;
      chosen = name.slice(0, length - ending.length) + ending;
    }
    taken.add(chosen);
    return chosen;
  });
}

/** Big-endian, without the characters that Joliet has no use for. */
function ucs2(text: string): readonly number[] {
  const units = Array.from(text.replaceAll(/[*/:;?\\]/g, '_'), (char) => char.charCodeAt(0));
  return units.flatMap((unit) => [unit >> 8, unit & 0xff]);
}

/** A field of the System Use Sharing Protocol (IEEE P1281). */
function field(signature: string, data: readonly number[]): readonly number[] {
  return [...bytesOf(signature), data.length + 4, 1, ...data];
}

/** Without it in the first record of the root nobody looks for other fields. */
const SHARING_PROTOCOL = field('SP', [0xbe, 0xef, 0]);

/** Whose fields these are; what could be said about it is left empty. */
const ROCK_RIDGE = field('ER', [10, 0, 0, 1, ...bytesOf('RRIP_1991A')]);

/** Mode, links, user and group: everybody in the guest may read, and nobody can write. */
function posixAttributes(isFolder: boolean): readonly number[] {
  const mode = isFolder ? 0o040555 : 0o100444;
  return field('PX', [mode, isFolder ? 2 : 1, 0, 0].flatMap(both32));
}

function alternateName(name: string): readonly number[] {
  return field('NM', [0, ...bytesOf(name)]);
}
