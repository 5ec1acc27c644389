/**
 * Finds the orders of events that the run strategies allow: what was asked of a VM and what became of it are known,
 * each within a stretch of time, and the daemon may have seen what overlaps in any order.
 */
import type { Strategy } from './fleet.ts';
import type { Verb } from './schedule.ts';
import {
  afterCommand,
  afterEnd,
  afterRemoval,
  afterStart,
  afterWrite,
  refuses,
  type World,
} from './strategy-model.ts';

export type Fact = {
  /** Unix ms: it took place no earlier and no later. */
  from: number;
  to: number;
} & (
  | {
      readonly kind: 'write';
      readonly strategy: Strategy;
      /** The file was written again before the daemon is known to have seen this. */
      missable: boolean;
    }
  | { readonly kind: 'removal'; missable: boolean }
  | {
      readonly kind: 'command';
      readonly verb: Verb;
      answer: 'granted' | 'refused' | 'none';
    }
  | { readonly kind: 'start'; readonly uid: string }
  | { readonly kind: 'end'; readonly uid: string; readonly outcome: 'Succeeded' | 'Failed' }
);

/** Every way in which the VM may stand after all the facts; none: they contradict the strategies. */
export function explain(worlds: readonly World[], facts: readonly Fact[]): readonly World[] {
  const ends = new Map<string, World>();
  const seen = new Set<string>();
  const visit = (world: World, left: readonly Fact[]): void => {
    const state = `${JSON.stringify(world)} ${left.map((fact) => facts.indexOf(fact)).join(' ')}`;
    if (seen.has(state)) return;
    seen.add(state);
    if (left.length === 0) ends.set(JSON.stringify(world), world);
    for (const fact of left) {
      if (left.some((other) => other.to < fact.from)) continue;
      const rest = left.filter((other) => other !== fact);
      for (const next of outcomes(world, fact)) visit(next, rest);
    }
  };
  for (const world of worlds) visit(world, facts);
  return [...ends.values()];
}

function outcomes(world: World, fact: Fact): readonly World[] {
  switch (fact.kind) {
    case 'write': {
      const after = afterWrite(world, fact.strategy);
      return fact.missable ? [after, world] : [after];
    }
    case 'removal':
      return fact.missable ? [afterRemoval(world), world] : [afterRemoval(world)];
    case 'command':
      return afterAnswer(world, fact);
    case 'start': {
      const after = afterStart(world, fact.uid);
      return after === undefined ? [] : [after];
    }
    case 'end': {
      const after = afterEnd(world, fact.uid, fact.outcome);
      return after === undefined ? [] : [after];
    }
  }
}

function afterAnswer(
  world: World,
  { verb, answer }: Extract<Fact, { kind: 'command' }>,
): readonly World[] {
  const granted = afterCommand(world, verb);
  switch (answer) {
    case 'granted':
      return granted === undefined ? [] : [granted];
    case 'refused':
      return refuses(world, verb) ? [world] : [];
    case 'none':
      return granted === undefined ? [world] : [world, granted];
  }
}
