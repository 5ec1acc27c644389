/** Where the user's own files are. */
import { homedir } from 'node:os';

/** The root for a user who has no home: a service's dynamic user is in no file of users. */
export function homeOrRoot(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
