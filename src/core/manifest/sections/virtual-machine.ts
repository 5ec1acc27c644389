/**
 * The whole object: its kind, its metadata and its spec. The root of the tables.
 */
import type { InstanceSpec, VirtualMachine } from '../../model/virtual-machine.ts';
import { unsupportedByQemu } from '../../qemu-args/unsupported.ts';
import { oneOf, type Spot } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Place, ProblemCollector } from '../report.ts';
import { type SourceEntry, type SourceMap, type SourceNode, toJsonObject } from '../source-node.ts';
import { hostSettings, START_AFTER } from './annotations.ts';
import { DATA_VOLUME_TEMPLATES, resolveDataVolumes } from './data-volumes.ts';
import { VM_API_VERSIONS, VM_KIND } from './kind.ts';
import { DEFAULT_NAMESPACE, plainTexts, VM_METADATA } from './metadata.ts';
import { RUN_STRATEGY_FIELDS, resolveRunStrategy } from './run-strategy.ts';
import { resolveStartOrder } from './start-order.ts';
import { resolveTemplate, TEMPLATE } from './template.ts';

const SPEC = object({
  type: 'VirtualMachineSpec',
  fields: {
    ...RUN_STRATEGY_FIELDS,
    dataVolumeTemplates: DATA_VOLUME_TEMPLATES,
    template: TEMPLATE,
  },
  required: ['template'],
  clusterOnly: ['updateVolumesStrategy'],
});

export const VIRTUAL_MACHINE = object({
  type: 'VirtualMachine',
  fields: {
    apiVersion: oneOf(VM_API_VERSIONS),
    kind: oneOf([VM_KIND]),
    metadata: VM_METADATA,
    spec: SPEC,
  },
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  ignored: ['status'],
});

/** What KubeVirt's fields can say although no QEMU can be built like that, such as 40 network cards. */
function reportImpossibleMachine(
  root: SourceMap,
  spec: InstanceSpec,
  report: ProblemCollector,
): void {
  if (report.hasErrors) return;
  const steps = ['spec', 'template', 'spec', 'domain', 'devices'];
  const offset = deepest(root, steps);
  for (const message of unsupportedByQemu(spec))
    report.error('impossible-machine', { path: steps.join('.'), offset }, message);
}

/** Where the innermost field of a path begins, or the one around it that is there. */
function deepest(root: SourceMap, steps: readonly string[]): number {
  let node: SourceNode = root;
  let { offset } = root;
  for (const step of steps) {
    const entry: SourceEntry | undefined = node.kind === 'map' ? node.entries.get(step) : undefined;
    if (entry === undefined) return offset;
    offset = entry.keyOffset;
    node = entry.node;
  }
  return offset;
}

export interface ReadVm {
  readonly vm: VirtualMachine;
  /** Where other VMs are named. */
  readonly startAfterAt?: Place;
}

/** The VM that a document declares. Of use only when no error was reported. */
export function readVirtualMachine(root: SourceMap, report: ProblemCollector): ReadVm | undefined {
  const spot: Spot = { path: '', offset: root.offset, keyOffset: root.offset };
  const { metadata, spec } = VIRTUAL_MACHINE(root, spot, report)?.get ?? {};
  const { name, namespace, labels, annotations } = metadata?.value.get ?? {};
  const strategy = spec && resolveRunStrategy(spec, report);
  const template = spec?.value.get.template;
  const ofTemplate = template?.value.get.metadata?.value.get.annotations;
  const settings = hostSettings(annotations, ofTemplate, report);
  const inNamespace = namespace?.value ?? DEFAULT_NAMESPACE;
  const dataVolumes = resolveDataVolumes(
    spec?.value.get.dataVolumeTemplates?.value ?? [],
    template?.value.get.spec?.value.get.volumes?.value ?? [],
    report,
  );
  const startOrder = resolveStartOrder(settings, inNamespace, report);
  const resolved =
    template && resolveTemplate(template, { settings, namespace: inNamespace }, report);
  if (!name || !strategy || !resolved) return undefined;
  reportImpossibleMachine(root, resolved.spec, report);
  const vm = {
    name: name.value,
    namespace: inNamespace,
    labels: plainTexts(labels),
    annotations: plainTexts(annotations),
    ...strategy,
    template: resolved,
    startOrder,
    ...(dataVolumes.length > 0 && { dataVolumes }),
    manifest: toJsonObject(root),
  };
  const startAfter = startOrder.after.length === 0 ? undefined : settings.get(START_AFTER);
  return { vm, ...(startAfter && { startAfterAt: startAfter }) };
}
