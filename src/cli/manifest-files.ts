/**
 * The files that `validate` is to look at, under the rules by which the daemon reads its directory:
 * `*.yaml` and `*.yml`, not hidden, no subdirectories, UTF-8, at most 1 MiB.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_MANIFEST_BYTES } from '../core/manifest/yaml-stream.ts';
import { errorCode } from '../core/thrown.ts';
import type { CliContext } from './context.ts';

export type ManifestSource =
  | { readonly name: string; readonly text: string }
  /** Cannot be read, and why. */
  | { readonly name: string; readonly fault: string };

/** Whether the daemon would take a file of this name for a VM file. */
export function isManifestName(name: string): boolean {
  return /^[^.#].*\.ya?ml$/s.test(name);
}

/** False also for `-` and for what is not there. */
export async function isDirectory(argument: string): Promise<boolean> {
  if (argument === '-') return false;
  return (await stat(argument).catch(() => undefined))?.isDirectory() ?? false;
}

/** All sources behind one argument, in the order in which the daemon would see them. */
export async function* readSources(
  context: Pick<CliContext, 'stdin'>,
  argument: string,
): AsyncGenerator<ManifestSource> {
  if (argument === '-') {
    yield await readStdin(context);
    return;
  }
  try {
    if (!(await stat(argument)).isDirectory()) {
      yield await readSource(argument);
      return;
    }
    const names = (await readdir(argument)).filter(isManifestName).sort();
    for (const name of names) {
      const path = join(argument, name);
      // A subdirectory with the name of a manifest is none.
      if ((await stat(path)).isDirectory()) continue;
      yield await readSource(path);
    }
  } catch (error) {
    yield { name: argument, fault: describeFault(error) };
  }
}

async function readSource(path: string): Promise<ManifestSource> {
  try {
    const found = await stat(path);
    if (found.size > MAX_MANIFEST_BYTES) return tooLarge(path, found.size);
    return decode(path, await readFile(path));
  } catch (error) {
    return { name: path, fault: describeFault(error) };
  }
}

async function readStdin({ stdin }: Pick<CliContext, 'stdin'>): Promise<ManifestSource> {
  const name = 'stdin';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin()) {
    const data = Buffer.from(chunk);
    bytes += data.length;
    if (bytes > MAX_MANIFEST_BYTES) return tooLarge(name, bytes);
    chunks.push(data);
  }
  return decode(name, Buffer.concat(chunks));
}

function tooLarge(name: string, bytes: number): ManifestSource {
  const fault = `has ${bytes} bytes or more; a VM file may have ${MAX_MANIFEST_BYTES} (1 MiB)`;
  return { name, fault };
}

function decode(name: string, bytes: Uint8Array): ManifestSource {
  try {
    // The mark is kept, as the daemon keeps it: positions are those of the file.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { name, text: decoder.decode(bytes) };
  } catch {
    return { name, fault: 'is not UTF-8 text; save it as UTF-8' };
  }
}

function describeFault(error: unknown): string {
  const code = errorCode(error) ?? String(error);
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be read: permission denied';
  return `cannot be read (${code})`;
}
