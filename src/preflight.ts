/**
 * What this host would say of the VMs of a file: looks where a launch would look, and makes nothing.
 */

import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import type { PreflightReport } from './api/contract-preflight.ts';
import { firmwareWish } from './core/firmware/descriptor.ts';
import { pullPlan, type WantedImage } from './core/images/pull-plan.ts';
import { createLocator } from './core/manifest/locate.ts';
import { parseManifests } from './core/manifest/parse.ts';
import type { ParsedDocument } from './core/manifest/parsed.ts';
import { NETWORK_KIND, type NetworkObject, objectKey } from './core/model/file-object.ts';
import { type HostNetwork, type NetworkId, networkKey } from './core/model/host-network.ts';
import type { Problem } from './core/model/problem.ts';
import type { VirtualMachine } from './core/model/virtual-machine.ts';
import { collision, collisionFindings } from './core/network/collisions.ts';
import { type Described, isManaged } from './core/network/description.ts';
import { isSame } from './core/network/members.ts';
import {
  type Finding,
  type HostMemory,
  machineFindings,
  memoryFindings,
  networkField,
  type RunningVm,
  sizeFindings,
  takenFindings,
  volumeField,
} from './core/preflight.ts';
import type { TapMaking } from './core/qemu-args/taps.ts';
import { lookForImage, presenceOf } from './images/store.ts';
import { claimBytes } from './qemu/claim-size.ts';
import { findFirmware } from './qemu/find-firmware.ts';
import { findPasst } from './qemu/find-passt.ts';
import { findSwtpm } from './qemu/find-swtpm.ts';
import type { FindQemuHost } from './qemu/launch.ts';
import { machineTypes } from './qemu/machine-types.ts';
import { madeFor, type ValuesOf } from './qemu/made-image.ts';
import type { Roots } from './qemu/path-policy.ts';
import { checkDisk } from './qemu/prepare-disk.ts';
import { reasonOf } from './qemu/prepare-error.ts';
import { checkFilesystem } from './qemu/prepare-filesystems.ts';
import { prepareKernel } from './qemu/prepare-kernel.ts';
import { checkVsock } from './qemu/prepare-machine.ts';
import { nicTrouble } from './qemu/tap-host.ts';
import type { Board } from './supervisor/board.ts';
import { bytesOf } from './supervisor/file-objects.ts';

export interface PreflightDeps {
  readonly board: Board;
  readonly roots: Roots;
  readonly values: ValuesOf;
  /** @throws when there is no QEMU to be used */
  readonly host: FindQemuHost;
  /** What a NetworkAttachmentDefinition says; undefined when no file declares it. */
  readonly network: (id: NetworkId) => HostNetwork | undefined;
  /** Those that files declare. */
  readonly networks: () => readonly HostNetwork[];
  /** Those of solovirt's own that are there now. */
  readonly networksUp: () => readonly Described[];
  /** Who puts guests onto bridges. */
  readonly tapMaking: () => TapMaking;
  /** Why guests are emulated, where they are. */
  readonly acceleratorReason: () => string;
}

/** Never throws: what cannot be found out is a problem too. */
export async function preflight(text: string, deps: PreflightDeps): Promise<PreflightReport> {
  const locate = createLocator(text);
  const others = runningVms(deps.board);
  const running: RunningVm[] = [];
  const problems: Problem[] = [];
  const { documents } = parseManifests(text);
  const withOwn = {
    ...deps,
    values: valuesWith(documents, deps.values),
    network: networkWith(documents, deps.network),
  };
  for (const { index, vm, object } of documents) {
    if (object?.content?.kind === NETWORK_KIND)
      for (const { field, ...finding } of networkFindings(object.content, documents, deps))
        problems.push({ ...finding, ...locate(index, field) });
    if (vm === undefined) continue;
    const itself = others.find((other) => isSame(other.vm, vm));
    if (itself !== undefined) running.push(itself);
    for (const { field, ...finding } of await findings(vm, itself !== undefined, others, withOwn))
      problems.push({ ...finding, ...locate(index, field) });
  }
  return {
    kind: 'PreflightReport',
    apiVersion: 'solovirt.io/v1',
    problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
    running: running.map(({ vm }) => ({ namespace: vm.namespace, name: vm.name })),
  };
}

/** A file may bring the objects that its VMs need. */
function valuesWith(documents: readonly ParsedDocument[], beside: ValuesOf): ValuesOf {
  const own = new Map(
    documents.flatMap(({ object }) =>
      object?.content ? [[objectKey(object), object.content] as const] : [],
    ),
  );
  return (id) => {
    const object = own.get(objectKey(id));
    return object !== undefined && 'values' in object ? bytesOf(object) : beside(id);
  };
}

/** And the networks. */
function networkWith(
  documents: readonly ParsedDocument[],
  beside: PreflightDeps['network'],
): PreflightDeps['network'] {
  return (id) => {
    const own = documents.find(
      ({ object }) =>
        object?.content?.kind === NETWORK_KIND &&
        networkKey(object.content.network) === networkKey(id),
    )?.object?.content;
    return own?.kind === NETWORK_KIND ? own.network : beside(id);
  };
}

/** Of two networks of one file the later one is told of. */
function networkFindings(
  object: NetworkObject,
  documents: readonly ParsedDocument[],
  deps: PreflightDeps,
): readonly Finding[] {
  const own = documents.flatMap(({ object: { content } = {} }) =>
    content?.kind === NETWORK_KIND ? [content] : [],
  );
  const keys = new Set(own.map(({ network }) => networkKey(network)));
  const beside = deps.networks().filter((network) => !keys.has(networkKey(network)));
  const before = own.slice(0, own.indexOf(object)).map(({ network }) => network);
  return collisionFindings(object, [...before, ...beside]);
}

/** What stands in the way of each NIC on a bridge. One that solovirt makes is there when it is needed. */
function bridgeFindings(vm: VirtualMachine, deps: PreflightDeps): readonly Finding[] {
  return vm.template.spec.interfaces.flatMap((nic): readonly Finding[] => {
    if (nic.kind !== 'bridge') return [];
    const network = deps.network(nic.network);
    const message =
      network === undefined
        ? `no file declares the NetworkAttachmentDefinition ${networkKey(nic.network)}: put one into the VM directory`
        : (nicTrouble(nic, network, deps.tapMaking()) ?? makingTrouble(network, deps.networksUp()));
    if (message === undefined) return [];
    return [
      { code: 'network-not-ready', severity: 'error', field: networkField(vm, nic.name), message },
    ];
  });
}

/** Why solovirt would not make a network of its own now. */
function makingTrouble(network: HostNetwork, up: readonly Described[]): string | undefined {
  const id = networkKey(network);
  if (!isManaged(network) || up.some((one) => networkKey(one) === id)) return undefined;
  const words = collision(network, up)?.words;
  return words === undefined ? undefined : `the network ${id} cannot be made now: ${words}`;
}

async function findings(
  vm: VirtualMachine,
  isRunning: boolean,
  running: readonly RunningVm[],
  deps: PreflightDeps,
): Promise<readonly Finding[]> {
  const { spec } = vm.template;
  const [onQemu, onFiles] = await Promise.all([qemuFindings(vm, deps), fileFindings(vm, deps)]);
  const taken = takenFindings(
    vm,
    running.filter((other) => !isSame(other.vm, vm)),
  );
  // One that runs has its memory already.
  const memory = isRunning ? [] : memoryFindings(spec, hostMemory());
  return [...onQemu, ...onFiles, ...bridgeFindings(vm, deps), ...taken, ...memory];
}

async function qemuFindings(vm: VirtualMachine, deps: PreflightDeps): Promise<readonly Finding[]> {
  try {
    const { qemuPath, accelerator } = await deps.host(vm.template.spec.architecture);
    const known = await machineTypes(qemuPath);
    const machines = known === undefined ? [] : machineFindings(vm.template.spec, known);
    if (accelerator === 'kvm') return machines;
    const reason =
      vm.template.spec.architecture === 'arm64'
        ? 'it is for another architecture than this host’s'
        : deps.acceleratorReason();
    const message = `the guest would be emulated, which is slow: ${reason}`;
    return [...machines, { code: 'no-kvm', severity: 'warning', field: [], message }];
  } catch (error) {
    return [{ code: 'no-qemu', severity: 'error', field: [], message: reasonOf(error) }];
  }
}

async function fileFindings(
  vm: VirtualMachine,
  { roots, values }: PreflightDeps,
): Promise<readonly Finding[]> {
  const { disks, filesystems = [], kernelBoot, bootloader, tpm } = vm.template.spec;
  const made = madeFor(vm, vm.template.spec, values);
  const toBeMade = new Set(vm.dataVolumes?.map(({ name }) => name));
  const there = disks.filter(
    ({ source }) => source.kind !== 'claim' || !toBeMade.has(source.claim),
  );
  const found = there.map((disk) => {
    const field = volumeField(vm, disk.name);
    const toBePulled =
      disk.source.kind === 'containerDisk' ? toBePulledFrom(disk.source, roots, field) : undefined;
    return toBePulled ?? attempt('disk-not-ready', field, () => checkDisk(disk, roots, made));
  });
  for (const filesystem of filesystems)
    found.push(
      attempt('filesystem-not-ready', volumeField(vm, filesystem.name), () =>
        checkFilesystem(filesystem, roots, made),
      ),
    );
  found.push(Promise.resolve(sizeFindings(vm, (name) => claimBytes(roots.imagesDir, vm, name))));
  if (kernelBoot !== undefined) {
    const { source } = kernelBoot;
    const field =
      source.kind === 'container'
        ? ['spec', 'template', 'spec', 'domain', 'firmware', 'kernelBoot']
        : annotationField(vm);
    const { kernelPath = '', ...image } = source;
    const toBePulled =
      'image' in image ? toBePulledFrom({ ...image, path: kernelPath }, roots, field) : undefined;
    found.push(
      toBePulled ?? attempt('kernel-not-ready', field, () => prepareKernel(source, roots)),
    );
  }
  if (bootloader?.kind === 'efi') {
    const field = ['spec', 'template', 'spec', 'domain', 'firmware', 'bootloader', 'efi'];
    const wish = firmwareWish(bootloader, vm.template.spec);
    found.push(attempt('firmware-not-ready', field, () => findFirmware(wish)));
  }
  if (tpm !== undefined)
    found.push(attempt('tpm-not-ready', [...DEVICES, 'tpm'], () => findSwtpm()));
  if (vm.template.spec.interfaces.some(({ kind }) => kind === 'passt'))
    found.push(attempt('network-not-ready', [...DEVICES, 'interfaces'], () => findPasst()));
  if (vm.template.spec.vsock === true)
    found.push(attempt('vsock-not-ready', [...DEVICES, 'autoattachVSOCK'], () => checkVsock()));
  return (await Promise.all(found)).flat();
}

/** Whether it can be, only the registry knows; undefined when it is not to be. */
function toBePulledFrom(
  wanted: WantedImage,
  { imagesDir }: Roots,
  field: Finding['field'],
): Promise<readonly Finding[]> | undefined {
  const { image, path } = wanted;
  if (pullPlan(wanted, presenceOf(lookForImage(imagesDir, image, path))) !== 'pull')
    return undefined;
  const message = `the image ${image} is not here, and is pulled when the VM is started`;
  return Promise.resolve([{ code: 'image-to-be-pulled', severity: 'warning', field, message }]);
}

const DEVICES = ['spec', 'template', 'spec', 'domain', 'devices'];

function annotationField({ template }: VirtualMachine): Finding['field'] {
  const kernel = 'solovirt.io/kernel';
  const above = template.annotations[kernel] === undefined ? [] : ['spec', 'template'];
  return [...above, 'metadata', 'annotations', kernel];
}

async function attempt(
  code: string,
  field: Finding['field'],
  look: () => Promise<unknown>,
): Promise<readonly Finding[]> {
  try {
    await look();
    return [];
  } catch (error) {
    return [{ code, severity: 'error', field, message: reasonOf(error) }];
  }
}

function runningVms(board: Board): readonly RunningVm[] {
  return board.all().flatMap(({ namespace, name, record }) => {
    const spec = record?.instance?.spec;
    return spec === undefined ? [] : [{ vm: { namespace, name }, spec }];
  });
}

/** proc_meminfo(5): MemAvailable counts what caches would give back. */
function hostMemory(): HostMemory {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return {
    totalBytes: totalmem(),
    availableBytes: kib === undefined ? freemem() : Number(kib) * 1024,
  };
}
