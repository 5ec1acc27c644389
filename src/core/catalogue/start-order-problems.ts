/**
 * Faults of `solovirt.io/start-after` that only all files together show: a name that no file declares, a circle.
 * Warnings both, for the VM itself is fine: an unknown name is not waited for, and a circle is opened.
 */
import { suggest } from '../manifest/suggest.ts';
import type { Problem } from '../model/problem.ts';
import type { VirtualMachine } from '../model/virtual-machine.ts';
import { type Circle, type Edges, openCircles, wayRound } from './start-order-graph.ts';

/** Where a fault of a file stands. */
export type FilePlace = Pick<Problem, 'path' | 'line' | 'column'>;

/** A VM that names others. */
export interface OrderedVm {
  /** NAMESPACE/NAME */
  readonly key: string;
  readonly vm: VirtualMachine;
  /** Of the annotation. */
  readonly startAfterAt: FilePlace;
}

/** @returns undefined for a VM whose file does not name others */
export function orderedVm(found: {
  readonly key: string;
  readonly vm?: VirtualMachine;
  readonly startAfterAt?: FilePlace;
}): OrderedVm | undefined {
  const { key, vm, startAfterAt } = found;
  if (vm === undefined || startAfterAt === undefined) return undefined;
  return { key, vm, startAfterAt };
}

/** Keys of the VMs that a VM names. */
export function namedKeys({ startOrder }: VirtualMachine): readonly string[] {
  return startOrder.after.map(({ namespace, name }) => `${namespace}/${name}`);
}

export function circleProblems(
  vms: readonly OrderedVm[],
): readonly (readonly [key: string, problem: Problem])[] {
  const edges: Edges = new Map(vms.map(({ key, vm }) => [key, namedKeys(vm)]));
  const { circles } = openCircles(edges);
  return vms.flatMap((ordered) => {
    const circle = circles.get(ordered.key);
    return circle === undefined ? [] : [[ordered.key, circleProblem(ordered, circle)] as const];
  });
}

export function unknownNameProblems(
  vms: readonly OrderedVm[],
  known: ReadonlySet<string>,
): readonly (readonly [key: string, problem: Problem])[] {
  return vms.flatMap(({ key, vm, startAfterAt }) =>
    namedKeys(vm)
      .filter((named) => !known.has(named))
      .map((named) => {
        const message = `no VM file declares ${inNamespace(named, vm)}, so it is not waited for${hint(named, vm, known)}`;
        return [
          key,
          { code: 'start-after-unknown', severity: 'warning', ...startAfterAt, message },
        ] as const;
      }),
  );
}

function hint(named: string, vm: VirtualMachine, known: ReadonlySet<string>): string {
  const own = `${vm.namespace}/${vm.name}`;
  const nearest = suggest(
    named,
    [...known].filter((key) => key !== own),
  );
  return nearest === undefined ? '' : `; did you mean "${inNamespace(nearest, vm)}"?`;
}

/** A longer way round is cut short. */
const MAX_SHOWN = 10;

function circleProblem({ vm, startAfterAt }: OrderedVm, circle: Circle): Problem {
  const { ring, dropped } = circle;
  const isLong = ring.length >= MAX_SHOWN;
  const names = wayRound(circle, isLong ? MAX_SHOWN - 1 : undefined).map((key) =>
    inNamespace(key, vm),
  );
  const way = [...names, ...(isLong ? ['…', names[0]] : [])].join(' → ');
  const [from, to] = [dropped.from, dropped.to].map((key) => inNamespace(key, vm));
  const message = `start-after goes round in a circle: ${way}; so that it does not wait for ever, ${from} is started without waiting for ${to}`;
  return { code: 'start-after-cycle', severity: 'warning', ...startAfterAt, message };
}

/** As the VM's own file would name it. */
function inNamespace(key: string, { namespace }: VirtualMachine): string {
  const prefix = `${namespace}/`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}
