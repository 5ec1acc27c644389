/**
 * One launch at a turn of the event loop. To start a process holds everything else up for milliseconds; when many guests
 * start at once, whoever asks something in between is answered between two of them.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

let last: Promise<unknown> = Promise.resolve();

/** Resolves in a turn of its own, after all that asked before. */
export function ownTurn(): Promise<void> {
  const turn = last.then(() => nextTurn());
  last = turn;
  return turn;
}
