/** How a part of KubeVirt's API stands here. */

export type Standing =
  /** As in KubeVirt. */
  | { readonly is: 'works' }
  | { readonly is: 'differs'; readonly how: string }
  /** A single host has nothing like it: what is said about it. */
  | { readonly is: 'not-here'; readonly why: string }
  /** It could be, and is not there. */
  | { readonly is: 'not-yet'; readonly why: string };

export const WORKS: Standing = { is: 'works' };

export function differs(how: string): Standing {
  return { is: 'differs', how };
}

/** @param why goes on after "is not possible here:" */
export function notHere(why: string): Standing {
  return { is: 'not-here', why };
}

/** @param why goes on after "is not there yet:": why, or what to do instead */
export function notYet(why: string): Standing {
  return { is: 'not-yet', why };
}
