/** Directories that a user names. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../core/thrown.ts';

/**
 * Makes a directory and what is missing above it, or takes one that is there. Node's own recursive way never comes
 * back from a file system that answers ENOENT to every attempt, as /proc does.
 * @throws what the host has against it
 */
export function makeDirectory(path: string, mode?: number): void {
  const code = tryToMake(path, mode);
  if (code !== 'ENOENT' || dirname(path) === path) return;
  makeDirectory(dirname(path), mode);
  mkdirSync(path, mode);
}

/** @returns ENOENT when something above it is missing */
function tryToMake(path: string, mode: number | undefined): 'ENOENT' | undefined {
  try {
    mkdirSync(path, mode);
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return code;
    // A file in its place shows as soon as it is used.
    if (code === 'EEXIST') return undefined;
    throw error;
  }
}
