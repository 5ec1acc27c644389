/** Finds programs that stand beside QEMU. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** The first of these paths that can be executed; undefined when none can. */
export async function findProgram(places: readonly string[]): Promise<string | undefined> {
  for (const path of places) if (await isProgram(path)) return path;
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
