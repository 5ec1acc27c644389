/**
 * Who is started after whom, as a graph of keys. A circle would let its VMs wait for each other for ever, so it is
 * opened: of each circle one edge is dropped, always the same one for the same graph.
 */

/** For each VM the VMs after which it is started. */
export type Edges = ReadonlyMap<string, readonly string[]>;

/** One VM's place in a circle. */
export interface Circle {
  /** The circle's VMs, each after the one before; the first comes after the last. */
  readonly ring: readonly string[];
  /** Where in the ring the VM stands. */
  readonly at: number;
  /** The edge of the ring that counts no more: `from` does not wait for `to`. */
  readonly dropped: { readonly from: string; readonly to: string };
}

export interface OpenedOrder {
  /** Without the edges that close a circle. */
  readonly edges: Edges;
  /** For each VM that is part of circles, one of them. */
  readonly circles: ReadonlyMap<string, Circle>;
}

export function openCircles(edges: Edges): OpenedOrder {
  const core = withinCircles(edges);
  if (core.size === 0) return { edges, circles: new Map() };
  const dropped = closingEdges(core);
  const opened = new Map<string, readonly string[]>();
  for (const [from, targets] of edges)
    opened.set(
      from,
      targets.filter((to) => dropped.get(from)?.has(to) !== true),
    );
  const circles = new Map<string, Circle>();
  for (const key of core.keys()) {
    const ring = circles.has(key) ? undefined : findRing(core, key);
    const edge = ring && droppedFrom(ring, dropped);
    if (ring === undefined || edge === undefined) continue;
    for (const [at, member] of ring.entries())
      if (!circles.has(member)) circles.set(member, { ring, at, dropped: edge });
  }
  return { edges: opened, circles };
}

/** The first `most` VMs of the way from a VM round to itself. */
export function wayRound({ ring, at }: Circle, most = ring.length + 1): readonly string[] {
  const length = Math.min(most, ring.length + 1);
  return Array.from({ length }, (_, step) => ring[(at + step) % ring.length] ?? '');
}

/** Both directions of an index: for each VM those that name it. */
export function reversed(edges: Edges): Edges {
  const back = new Map<string, string[]>();
  for (const [from, targets] of edges)
    for (const to of targets) {
      const known = back.get(to);
      if (known === undefined) back.set(to, [from]);
      else known.push(from);
    }
  return back;
}

/**
 * What is left when VMs that wait for none of the others, or that none of the others waits for, are taken away
 * until there are no more of them: the circles and what lies between them. Linear, and empty for a sound graph.
 */
function withinCircles(edges: Edges): Edges {
  const back = reversed(edges);
  const forth = new Map([...edges].filter(([, targets]) => targets.length > 0));
  const left = new Set([...forth.keys()].filter((key) => back.has(key)));
  const has = (keys: readonly string[] | undefined): boolean =>
    keys?.some((key) => left.has(key)) ?? false;
  const suspects = [...forth.keys(), ...back.keys()];
  for (let key = suspects.pop(); key !== undefined; key = suspects.pop()) {
    if (!left.has(key) || (has(forth.get(key)) && has(back.get(key)))) continue;
    left.delete(key);
    suspects.push(...(forth.get(key) ?? []), ...(back.get(key) ?? []));
  }
  const core = [...left].sort();
  return new Map(core.map((key) => [key, (edges.get(key) ?? []).filter((to) => left.has(to))]));
}

/** The edges that lead back to a VM on the way from which they were reached (depth first, in the order of keys). */
function closingEdges(edges: Edges): ReadonlyMap<string, ReadonlySet<string>> {
  const closing = new Map<string, Set<string>>();
  const onTheWay = new Map<string, boolean>();
  for (const root of edges.keys()) {
    if (onTheWay.has(root)) continue;
    const way = [{ key: root, next: 0 }];
    onTheWay.set(root, true);
    for (let here = way.at(-1); here !== undefined; here = way.at(-1)) {
      const to = edges.get(here.key)?.[here.next];
      here.next += 1;
      if (to === undefined) {
        onTheWay.set(here.key, false);
        way.pop();
      } else if (onTheWay.get(to) === true) {
        const known = closing.get(here.key) ?? new Set();
        closing.set(here.key, known.add(to));
      } else if (!onTheWay.has(to)) {
        onTheWay.set(to, true);
        way.push({ key: to, next: 0 });
      }
    }
  }
  return closing;
}

/** A shortest ring that begins with the VM; undefined when it only lies between circles. */
function findRing(edges: Edges, start: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  let front = [start];
  while (front.length > 0) {
    const next: string[] = [];
    for (const from of front)
      for (const to of edges.get(from) ?? []) {
        if (to === start) return trace(cameFrom, start, from);
        if (cameFrom.has(to)) continue;
        cameFrom.set(to, from);
        next.push(to);
      }
    front = next;
  }
  return undefined;
}

function trace(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const backwards = [end];
  for (let key = end; key !== start; ) {
    key = cameFrom.get(key) ?? start;
    backwards.push(key);
  }
  return backwards.reverse();
}

function droppedFrom(
  ring: readonly string[],
  dropped: ReadonlyMap<string, ReadonlySet<string>>,
): Circle['dropped'] | undefined {
  for (const [index, from] of ring.entries()) {
    const to = ring[(index + 1) % ring.length];
    if (to !== undefined && dropped.get(from)?.has(to) === true) return { from, to };
  }
  return undefined;
}
