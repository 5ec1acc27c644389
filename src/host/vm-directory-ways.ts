/**
 * What of the VM directory is no manifest and yet says what manifests are: links and directories that the links of manifests
 * lead through (Kubernetes' `..data`). What editors and the daemon itself make on the way to a manifest are regular files.
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../core/thrown.ts';

export class DirectoryWays {
  readonly #dir: string;
  readonly #known: Set<string>;

  private constructor(dir: string, known: Set<string>) {
    this.#dir = dir;
    this.#known = known;
  }

  /** Those that are there now; none where the directory cannot be read. */
  static async of(dir: string): Promise<DirectoryWays> {
    const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
    const ways = entries.filter((entry) => !entry.isFile()).map(({ name }) => name);
    return new DirectoryWays(dir, new Set(ways));
  }

  /** Whether a change under this name may have changed what manifests are: there is or was a way under it. */
  async leadsThrough(name: string): Promise<boolean> {
    const was = this.#known.delete(name);
    const is = await this.#isWay(name);
    if (is) this.#known.add(name);
    return is || was;
  }

  async #isWay(name: string): Promise<boolean> {
    try {
      return !(await lstat(join(this.#dir, name))).isFile();
    } catch (error) {
      return errorCode(error) !== 'ENOENT';
    }
  }
}
