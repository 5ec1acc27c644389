/**
 * Virtual CPUs: topology and model. Without a topology the CPU limit, else the request, gives the number
 * of sockets (KubeVirt `getVirtualCPUTopology`).
 */
import type { CpuSpec } from '../../model/machine.ts';
import { quoted } from '../field-path.ts';
import { type Found, integer, list, only, text, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import { wholeUnits } from '../quantity.ts';
import type { Report } from '../report.ts';
import { CPU_FEATURE } from './cpu-features.ts';
import type { ResourceAmount } from './resources.ts';

/** KubeVirt's own ceiling. */
export const MAX_CPUS = 512;
const DEFAULT_MODEL = 'host-model';

const COUNT = integer(1, MAX_CPUS);

export const CPU = object({
  type: 'CPU',
  fields: {
    cores: COUNT,
    sockets: COUNT,
    threads: COUNT,
    model: text(checkModel),
    features: list(CPU_FEATURE),
    dedicatedCpuPlacement: only(false),
    isolateEmulatorThread: only(false),
  },
});

type Cpu = Found<ValueOf<typeof CPU>>;

function checkModel(model: string): string | undefined {
  if (/^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$/.test(model)) return undefined;
  return `${quoted(model)} is not a CPU model: expected host-model, host-passthrough or a name such as Haswell`;
}

export function resolveCpu(
  cpu: Cpu | undefined,
  resources: ResourceAmount,
  report: Report,
): CpuSpec {
  const model = cpu?.value.get.model?.value ?? DEFAULT_MODEL;
  const present = cpu?.value.present;
  const named = ['cores', 'sockets', 'threads'].some((name) => present?.has(name));
  if (cpu === undefined || !named)
    return { sockets: socketsFromResources(resources, report), cores: 1, threads: 1, model };
  const { sockets, cores, threads } = cpu.value.get;
  const spec = {
    sockets: sockets?.value ?? 1,
    cores: cores?.value ?? 1,
    threads: threads?.value ?? 1,
    model,
  };
  const total = spec.sockets * spec.cores * spec.threads;
  if (total > MAX_CPUS)
    report.error(
      'out-of-range',
      { path: cpu.path, offset: cpu.keyOffset },
      `sockets × cores × threads is ${total}, at most ${MAX_CPUS} CPUs are possible`,
    );
  return spec;
}

function socketsFromResources({ request, limit }: ResourceAmount, report: Report): number {
  const chosen = limit ?? request;
  if (chosen === undefined) return 1;
  const sockets = wholeUnits(chosen.value);
  if (sockets >= 1n && sockets <= BigInt(MAX_CPUS)) return Number(sockets);
  report.error('out-of-range', chosen, `a guest has 1 to ${MAX_CPUS} CPUs`);
  return 1;
}
