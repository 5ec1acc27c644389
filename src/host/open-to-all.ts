/** Who can read a file, as far as modes tell. */
import { constants, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether every user of the host can read the file: by its own mode, and by those of all directories that it lies in. */
export function isOpenToAll(path: string): boolean {
  try {
    const target = realpathSync(path);
    if ((statSync(target).mode & constants.S_IROTH) === 0) return false;
    for (let at = target; at !== dirname(at); at = dirname(at))
      if ((statSync(dirname(at)).mode & constants.S_IXOTH) === 0) return false;
    return true;
  } catch {
    // Gone meanwhile, or not to be looked at: whoever asks has nothing to warn of.
    return false;
  }
}
