/** Finds swtpm, the TPM emulator. */
import { findProgram } from './find-program.ts';
import { PrepareError } from './prepare-error.ts';

/** A program elsewhere could not be executed in a VM's unit. */
const PLACES: readonly string[] = ['/usr/local/bin/swtpm', '/usr/bin/swtpm'];

/** @returns an absolute path. @throws PrepareError that says what to install */
export async function findSwtpm(places: readonly string[] = PLACES): Promise<string> {
  const found = await findProgram(places);
  if (found !== undefined) return found;
  throw new PrepareError(
    `the VM has a TPM, and swtpm, which emulates it, is not installed: there is no ${places.join(' or ')}; on Debian and Ubuntu: apt-get install swtpm`,
  );
}
