/**
 * "Did you mean": the candidate that is nearest to what somebody typed.
 */
import leven from 'leven';

/** Longer words than this are not mistyped field names. */
const MAX_WORD = 64;
/** A hostile file has thousands of names; each fault would be compared with each. */
const MAX_CANDIDATES = 100;

/**
 * The candidate that equals the word but for case and separators, else the nearest by edit distance
 * within a third of its length, rounded up. Undefined when nothing is near.
 */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > MAX_WORD) return undefined;
  const plain = simplified(word);
  const same = candidates.find((candidate) => simplified(candidate) === plain);
  if (same !== undefined) return same;
  const ranked = candidates
    .slice(0, MAX_CANDIDATES)
    .map((candidate) => ({ candidate, distance: leven(plain, simplified(candidate)) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined) return undefined;
  const limit = Math.ceil(Math.min(word.length, best.candidate.length) / 3);
  return best.distance <= limit ? best.candidate : undefined;
}

/** `; did you mean "x"?`, or nothing: the end of a message. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = suggest(word, candidates);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}

function simplified(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}
