/**
 * `spec.runStrategy` and its deprecated twin `spec.running`: exactly one of them. Fields and wording are
 * those of KubeVirt's admission webhook (vms-admitter.go).
 */
import {
  RUN_STRATEGIES,
  type RunStrategy,
  type VirtualMachine,
} from '../../model/virtual-machine.ts';
import { type Found, flag, oneOf } from '../fields.ts';
import type { Report } from '../report.ts';

export const RUN_STRATEGY_FIELDS = {
  running: flag,
  runStrategy: oneOf<RunStrategy>(RUN_STRATEGIES, {
    refused: {
      WaitAsReceiver: 'waits for a live migration from another node, which only a cluster has',
    },
    name: (value) => `Invalid RunStrategy (${value.slice(0, 80)})`,
  }),
};

export type StrategyChoice = Pick<VirtualMachine, 'runStrategy' | 'strategyField'>;

interface Spec {
  readonly present: ReadonlySet<string>;
  readonly get: { readonly running?: Found<boolean>; readonly runStrategy?: Found<RunStrategy> };
}

export function resolveRunStrategy(spec: Found<Spec>, report: Report): StrategyChoice | undefined {
  const { present, get } = spec.value;
  const place = {
    path: `${spec.path}.running`,
    offset: get.running?.keyOffset ?? spec.keyOffset,
  };
  if (present.has('running') && present.has('runStrategy')) {
    report.error(
      'mutually-exclusive',
      place,
      'Running and RunStrategy are mutually exclusive; remove running, which is deprecated',
    );
    return undefined;
  }
  if (!present.has('running') && !present.has('runStrategy')) {
    const message = `RunStrategy must be specified; add runStrategy with one of ${RUN_STRATEGIES.join(', ')}`;
    report.error('required', place, message);
    return undefined;
  }
  if (get.runStrategy) return { runStrategy: get.runStrategy.value, strategyField: 'runStrategy' };
  if (!get.running) return undefined;
  const runStrategy = get.running.value ? 'Always' : 'Halted';
  report.warning(
    'deprecated-field',
    place,
    `running is deprecated; write runStrategy: ${runStrategy}`,
  );
  return { runStrategy, strategyField: 'running' };
}
