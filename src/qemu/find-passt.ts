/** Finds passt, the network of a NIC that is not of QEMU's own making. */
import { findProgram } from './find-program.ts';
import { PrepareError } from './prepare-error.ts';

/** A program elsewhere could not be executed in a VM's unit. */
const PLACES: readonly string[] = ['/usr/local/bin/passt', '/usr/bin/passt'];

/** @returns an absolute path. @throws PrepareError that says what to install */
export async function findPasst(places: readonly string[] = PLACES): Promise<string> {
  const found = await findProgram(places);
  if (found !== undefined) return found;
  throw new PrepareError(
    `the VM has an interface with passtBinding, and passt is not installed: there is no ${places.join(' or ')}; on Debian and Ubuntu: apt-get install passt`,
  );
}
