/**
 * One piece of work at a turn of the event loop. A flush and the making of an instance's files hold everything else up for
 * a millisecond each; when many guests start at once, whoever asks something is answered between two of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

let last: Promise<unknown> = Promise.resolve();

/** Resolves in a turn of its own, after all that asked before. */
export function ownTurn(): Promise<void> {
  const turn = last.then(() => nextTurn());
  last = turn;
  return turn;
}
