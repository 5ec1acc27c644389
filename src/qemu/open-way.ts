/** Ways through the directories of a daemon that is root, for those of its processes that are not. */
import { chmodSync, statSync } from 'node:fs';

/** Lets others through. */
export const SEARCH = 0o001;
/** Lets others through, and look at what is there. */
export const READ = 0o005;

/** Adds these rights to a directory of root's; somebody else's stays what it is. */
export function openWay(dir: string, rights: number): void {
  const { mode, uid } = statSync(dir);
  if (uid === 0 && (mode & rights) !== rights) chmodSync(dir, (mode & 0o7777) | rights);
}
