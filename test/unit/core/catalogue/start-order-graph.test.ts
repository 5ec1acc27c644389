import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Edges,
  openCircles,
  reversed,
  wayRound,
} from '../../../../src/core/catalogue/start-order-graph.ts';

/** `a>b a>c` */
function graph(text: string): Edges {
  const edges = new Map<string, string[]>();
  for (const edge of text.split(' ').filter((word) => word !== '')) {
    const [from = '', to = ''] = edge.split('>');
    edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  return edges;
}

function inWords(edges: Edges): string {
  return [...edges].flatMap(([from, to]) => to.map((target) => `${from}>${target}`)).join(' ');
}

describe('a graph', () => {
  test.for([
    // edges, what is left of them, the way round of each VM that is part of a circle
    ['', '', ''],
    ['web>db web>nfs db>nfs', 'web>db web>nfs db>nfs', ''],
    ['a>a', '', 'a→a'],
    ['a>b b>a', 'a>b', 'a→b→a b→a→b'],
    ['c>a b>c a>b', 'b>c a>b', 'a→b→c→a b→c→a→b c→a→b→c'],
    ['web>a a>b b>a b>nfs', 'web>a a>b b>nfs', 'a→b→a b→a→b'],
    ['a>b b>a a>c c>b', 'a>b a>c c>b', 'a→b→a b→a→b c→b→a→c'],
    ['a>b b>a b>x x>c c>d d>c', 'a>b b>x x>c c>d', 'a→b→a b→a→b c→d→c d→c→d'],
    ['a>b b>a c>d d>c', 'a>b c>d', 'a→b→a b→a→b c→d→c d→c→d'],
  ] as const)('of %j keeps %j', ([edges, left, ways]) => {
    const opened = openCircles(graph(edges));
    expect(inWords(opened.edges)).toBe(left);
    const found = [...opened.circles.values()].map((circle) => wayRound(circle).join('→'));
    expect(new Set(found)).toEqual(new Set(ways.split(' ').filter((way) => way !== '')));
  });

  test('names the edge that was dropped, the same for all of its circle', () => {
    const { circles } = openCircles(graph('c>a b>c a>b'));
    expect([...circles.values()].map(({ dropped }) => dropped)).toEqual(
      Array.from({ length: 3 }, () => ({ from: 'c', to: 'a' })),
    );
  });
});

const someEdges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), {
    maxLength: 30,
  })
  .map((pairs) => graph([...new Set(pairs.map(([a, b]) => `n${a}>n${b}`))].join(' ')));

/** Reached from a key, over at least one edge. */
function reached(edges: Edges, start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [start];
  for (let key = open.pop(); key !== undefined; key = open.pop())
    for (const to of edges.get(key) ?? []) {
      if (!found.has(to)) open.push(to);
      found.add(to);
    }
  return found;
}

describe('any graph', () => {
  test('is without circles afterwards, and exactly the VMs of circles are told', () => {
    fc.assert(
      fc.property(someEdges, (edges) => {
        const opened = openCircles(edges);
        const circular = [...edges.keys()].filter((key) => reached(edges, key).has(key));
        expect(new Set(opened.circles.keys())).toEqual(new Set(circular));
        for (const key of opened.edges.keys())
          expect(reached(opened.edges, key)).not.toContain(key);
      }),
    );
  });

  test('loses no edge that closes no circle', () => {
    fc.assert(
      fc.property(someEdges, (edges) => {
        const opened = openCircles(edges);
        for (const [from, targets] of edges)
          for (const to of targets) {
            if (opened.edges.get(from)?.includes(to) === true) continue;
            expect(to === from || reached(opened.edges, to).has(from)).toBe(true);
          }
      }),
    );
  });

  test('is opened the same way in whatever order its VMs come', () => {
    fc.assert(
      fc.property(someEdges, (edges) => {
        const backwards = new Map([...edges].reverse());
        const sorted = (e: Edges): string => inWords(new Map([...e].toSorted()));
        expect(sorted(openCircles(backwards).edges)).toBe(sorted(openCircles(edges).edges));
      }),
    );
  });

  test('has each edge in its reverse', () => {
    fc.assert(
      fc.property(someEdges, (edges) => {
        const back = reversed(edges);
        for (const [from, targets] of edges)
          for (const to of targets) expect(back.get(to)).toContain(from);
      }),
    );
  });
});

test('ten thousand VMs in one circle are no trouble for the stack', () => {
  const count = 10_000;
  const edges = new Map(
    Array.from({ length: count }, (_, n) => [`n${n}`, [`n${(n + 1) % count}`]] as const),
  );
  const opened = [...openCircles(edges).edges.values()].filter((targets) => targets.length === 0);
  expect(opened).toHaveLength(1);
}, 60_000);
