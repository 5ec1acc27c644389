/** Finds swtpm, the TPM emulator. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { PrepareError } from './prepare-error.ts';

/** A program elsewhere could not be executed in a VM's unit. */
const PLACES: readonly string[] = ['/usr/local/bin/swtpm', '/usr/bin/swtpm'];

/** @returns an absolute path. @throws PrepareError that says what to install */
export async function findSwtpm(places: readonly string[] = PLACES): Promise<string> {
  for (const path of places) if (await isProgram(path)) return path;
  throw new PrepareError(
    `the VM has a TPM, and swtpm, which emulates it, is not installed: there is no ${places.join(' or ')}; on Debian and Ubuntu: apt-get install swtpm`,
  );
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
