/** The bodies of the subresources' requests: KubeVirt's option objects. */
import { declareType, field } from '../core/schema/declare.ts';
import {
  FLAG,
  listOf,
  type ObjectType,
  of,
  oneOf,
  type Schema,
  TEXT,
} from '../core/schema/schema.ts';
import type {
  DrainOptions,
  InstanceOptions,
  RestartOptions,
  StartOptions,
  StopOptions,
} from './contract-options.ts';

export const DRY_RUN = field(
  listOf(oneOf('All')),
  '["All"]: everything is checked and nothing is changed.',
);
const SECONDS: Schema = { kind: 'integer', least: 0 };

export const START_OPTIONS = declareType<StartOptions>(
  { name: 'StartOptions', description: 'How to start a VM.' },
  {
    paused: field(FLAG, 'This instance comes up with its CPUs stopped.'),
    dryRun: DRY_RUN,
  },
);

export const STOP_OPTIONS = declareType<StopOptions>(
  { name: 'StopOptions', description: 'How to stop a VM.' },
  {
    gracePeriod: field(SECONDS, 'Seconds that the guest may take to shut down; 0 forces it off.'),
    dryRun: DRY_RUN,
  },
);

export const RESTART_OPTIONS = declareType<RestartOptions>(
  { name: 'RestartOptions', description: 'How to restart a VM.' },
  {
    gracePeriodSeconds: field(
      SECONDS,
      'Seconds that the guest may take to shut down; 0 forces it off.',
    ),
    dryRun: DRY_RUN,
  },
);

/** KubeVirt has a type for each of these verbs, all of one shape. */
function dryRunOptions(name: string, verb: string): ObjectType {
  return declareType<InstanceOptions>(
    { name, description: `How to ${verb} an instance.` },
    { dryRun: DRY_RUN },
  );
}

export const PAUSE_OPTIONS = dryRunOptions('PauseOptions', 'pause');
export const UNPAUSE_OPTIONS = dryRunOptions('UnpauseOptions', 'unpause');
export const RESET_OPTIONS = dryRunOptions('ResetOptions', 'reset');
export const SOFT_REBOOT_OPTIONS = dryRunOptions('SoftRebootOptions', 'soft-reboot');

export const UNFREEZE_OPTIONS = dryRunOptions('UnfreezeOptions', 'unfreeze');

export const DRAIN_OPTIONS = declareType<DrainOptions>(
  { name: 'DrainOptions', package: 'io.solovirt.v1', description: 'How to drain the host.' },
  { dryRun: DRY_RUN },
);

/** Kubernetes' options of a removal. */
export const DELETE_OPTIONS = declareType<{
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly ['All'];
}>(
  {
    name: 'DeleteOptions',
    package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
    description: 'How to remove an object.',
  },
  {
    apiVersion: field(TEXT, 'v1.'),
    kind: field(TEXT, 'DeleteOptions.'),
    gracePeriodSeconds: field(SECONDS, 'Seconds that the guest may take to shut down.'),
    propagationPolicy: field(
      oneOf('Orphan', 'Background', 'Foreground'),
      'What becomes of the objects that belong to it.',
    ),
    orphanDependents: field(FLAG, 'The older way to say propagationPolicy.'),
    preconditions: field(
      of(
        declareType<{ readonly uid?: string; readonly resourceVersion?: string }>(
          {
            name: 'Preconditions',
            package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
            description: 'What must be so for the removal to take place.',
          },
          {
            uid: field(TEXT, 'The uid of the object.'),
            resourceVersion: field(TEXT, 'The version of the object.'),
          },
        ),
      ),
      'What must be so for the removal to take place.',
    ),
    dryRun: DRY_RUN,
  },
);
