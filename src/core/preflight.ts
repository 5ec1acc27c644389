/**
 * What a host would say of a VM that is to be started on it, told before it is: the judgements, over facts that others
 * have gathered. Pure.
 */
import type { FieldSteps } from './manifest/locate.ts';
import type { JsonObject } from './model/json.ts';
import type { PortForward } from './model/network-interface.ts';
import type { Problem } from './model/problem.ts';
import type { DiskSource } from './model/storage.ts';
import type { InstanceSpec, VirtualMachine, VmIdentity } from './model/virtual-machine.ts';
import { memoryOverhead } from './qemu-args/memory-overhead.ts';

export interface Finding extends Pick<Problem, 'code' | 'severity' | 'message'> {
  /** Of the VM's document. */
  readonly field: FieldSteps;
}

export interface RunningVm {
  readonly vm: VmIdentity;
  readonly spec: InstanceSpec;
}

export interface HostMemory {
  readonly totalBytes: number;
  /** What programs can be given without swapping. */
  readonly availableBytes: number;
}

const SPEC: FieldSteps = ['spec', 'template', 'spec'];
const MIB = 2 ** 20;

/** The volume of a disk, by its place in the file. */
export function volumeField(vm: VirtualMachine, name: string): FieldSteps {
  return namedField(vm, 'volumes', name);
}

/** The network of an interface, likewise. */
export function networkField(vm: VirtualMachine, name: string): FieldSteps {
  return namedField(vm, 'networks', name);
}

function namedField({ manifest }: VirtualMachine, list: string, name: string): FieldSteps {
  const items = at(manifest, 'spec', 'template', 'spec', list);
  const index = Array.isArray(items) ? items.findIndex((item) => at(item, 'name') === name) : -1;
  return index === -1 ? SPEC : [...SPEC, list, index];
}

/** Where the ports of the host are named; on the template they win, as for a launch. */
export function portsField({ template }: VirtualMachine): FieldSteps {
  const annotation = 'solovirt.io/host-ports';
  const above = template.annotations[annotation] === undefined ? [] : ['spec', 'template'];
  return [...above, 'metadata', 'annotations', annotation];
}

export function memoryFindings(spec: InstanceSpec, memory: HostMemory): readonly Finding[] {
  const needed = spec.memoryBytes + memoryOverhead(spec);
  if (needed <= memory.availableBytes) return [];
  const whole = needed > memory.totalBytes;
  const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
  return [
    {
      code: whole ? 'more-memory-than-host' : 'little-memory',
      severity: 'warning',
      field: [...SPEC, 'domain', 'memory'],
      message: `the VM takes ${mib(needed)} with what QEMU needs itself, and the host has ${mib(whole ? memory.totalBytes : memory.availableBytes)}${whole ? '' : ' to give now'}`,
    },
  ];
}

function qemuName({ architecture }: InstanceSpec): string {
  return architecture === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
}

/** @param known machine types of this QEMU */
export function machineFindings(
  spec: InstanceSpec,
  known: ReadonlySet<string>,
): readonly Finding[] {
  if (known.has(spec.machineType)) return [];
  return [
    {
      code: 'unknown-machine-type',
      severity: 'error',
      field: [...SPEC, 'domain', 'machine', 'type'],
      message: `QEMU on this host has no machine type ${spec.machineType}; \`${qemuName(spec)} -machine help\` lists those it has`,
    },
  ];
}

/** Disks that are larger than their data volumes ask for. @param bytesOf a claim's disk, where it has one */
export function sizeFindings(
  vm: VirtualMachine,
  bytesOf: (claim: string) => number | undefined,
): readonly Finding[] {
  return (vm.dataVolumes ?? []).flatMap(({ name, sizeBytes = 0 }, index) => {
    const bytes = bytesOf(name) ?? 0;
    if (sizeBytes === 0 || bytes <= sizeBytes) return [];
    return [
      {
        code: 'disk-larger',
        severity: 'warning',
        field: ['spec', 'dataVolumeTemplates', index],
        message: `the disk ${name} has ${bytes} bytes already, and ${sizeBytes} are asked for: a disk is never shrunk`,
      },
    ];
  });
}

/** Disks and ports that a running VM has taken. @param running the others */
export function takenFindings(
  vm: VirtualMachine,
  running: readonly RunningVm[],
): readonly Finding[] {
  return running.flatMap((other) => [
    ...takenDisks(vm, other),
    ...forwardsOf(vm.template.spec).flatMap((forward) => takenPort(vm, forward, other)),
  ]);
}

function takenDisks(vm: VirtualMachine, { vm: holder, spec }: RunningVm): readonly Finding[] {
  return vm.template.spec.disks.flatMap(({ name, source, readonly, shareable }) => {
    const file = ownFile(vm, source);
    if (file === undefined) return [];
    const theirs = spec.disks.find((d) => ownFile(holder, d.source) === file);
    if (theirs === undefined || (theirs.readonly && readonly)) return [];
    if (theirs.shareable === true && shareable === true) return [];
    const message = `${file} is in use by VM ${nameOf(holder)}; stop that one first, or give this one a disk of its own`;
    return [{ code: 'disk-in-use', severity: 'error', field: volumeField(vm, name), message }];
  });
}

/** What no two guests write to. */
function ownFile({ namespace }: VmIdentity, source: DiskSource): string | undefined {
  if (source.kind === 'hostDisk') return source.path;
  if (source.kind === 'claim' && !source.ephemeral) return `the claim ${namespace}/${source.claim}`;
  return undefined;
}

function takenPort(
  vm: VirtualMachine,
  forward: PortForward,
  { vm: holder, spec }: RunningVm,
): readonly Finding[] {
  if (!forwardsOf(spec).some((theirs) => collide(theirs, forward))) return [];
  const message = `${portWords(forward)} is forwarded to VM ${nameOf(holder)}; choose another port`;
  return [{ code: 'port-in-use', severity: 'error', field: portsField(vm), message }];
}

export function forwardsOf({ interfaces }: InstanceSpec): readonly PortForward[] {
  return interfaces.flatMap(({ forwards }) => forwards);
}

/** `port 8080/tcp of 127.0.0.1` */
export function portWords({ hostAddress, hostPort, protocol }: PortForward): string {
  return `port ${hostPort}/${protocol} of ${hostAddress}`;
}

const ANY = '0.0.0.0';

/** Whether the host can have only one of them. */
export function collide(one: PortForward, other: PortForward): boolean {
  const addresses = [one.hostAddress, other.hostAddress];
  return (
    one.hostPort === other.hostPort &&
    one.protocol === other.protocol &&
    (addresses[0] === addresses[1] || addresses.includes(ANY))
  );
}

function nameOf({ namespace, name }: VmIdentity): string {
  return `${namespace}/${name}`;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null ? (found as JsonObject)[key] : undefined,
    value,
  );
}
