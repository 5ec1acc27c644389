/**
 * `spec.template`: everything that one run of the VM is made of.
 */
import type { InstanceSpec, InstanceTemplate } from '../../model/virtual-machine.ts';
import { userNic } from '../../qemu-args/network.ts';
import { type Found, integer, list, oneOf, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, DNS_LABEL } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { ACCESS_CREDENTIAL, resolveAccessCredentials } from './access-credentials.ts';
import { HOST_DIRECTORIES, HOST_PORTS, type HostSettings } from './annotations.ts';
import { resolveBoard, resolveFeaturesOfCpu } from './board.ts';
import { reportBootOrder } from './boot-order.ts';
import { CHASSIS } from './chassis.ts';
import { CLOCK } from './clock.ts';
import { CPU, resolveCpu } from './cpu.ts';
import { DEVICES, type DeviceFields } from './devices.ts';
import { IO_THREADS_POLICY, withThreads } from './disk-threads.ts';
import { resolveDisks } from './disks.ts';
import { resolveInputs, resolveVideo } from './display.ts';
import { resolveFilesystems } from './filesystems.ts';
import { FIRMWARE, resolveKernelBoot } from './firmware.ts';
import { resolveHostPorts } from './host-ports.ts';
import { resolveInterfaces } from './interfaces.ts';
import { resolveLimits } from './limits.ts';
import { FEATURES, MACHINE } from './machine.ts';
import { MEMORY, resolveHugepages, resolveMemory } from './memory.ts';
import { plainTexts, TEMPLATE_METADATA } from './metadata.ts';
import { checkNetworks, NETWORK } from './networks.ts';
import { resolvePanicDevices, resolvePanicDumps } from './panic-devices.ts';
import { PROBE, resolveProbes } from './probes.ts';
import { RESOURCES, resourceAmount } from './resources.ts';
import { resolveTpm } from './tpm.ts';
import { resolveVolumes, VOLUME } from './volumes.ts';
import { resolveWatchdog } from './watchdog.ts';

const DEFAULT_GRACE_PERIOD_SECONDS = 30;

const DOMAIN = object({
  type: 'DomainSpec',
  fields: {
    cpu: CPU,
    memory: MEMORY,
    resources: RESOURCES,
    machine: MACHINE,
    firmware: FIRMWARE,
    features: FEATURES,
    clock: CLOCK,
    chassis: CHASSIS,
    devices: DEVICES,
    ioThreadsPolicy: IO_THREADS_POLICY,
    rebootPolicy: oneOf(['Reboot', 'Terminate']),
  },
  required: ['devices'],
});

const INSTANCE = object({
  type: 'VirtualMachineInstanceSpec',
  fields: {
    domain: DOMAIN,
    volumes: list(VOLUME),
    networks: list(NETWORK),
    terminationGracePeriodSeconds: integer(0, 2 ** 31 - 1),
    startStrategy: oneOf(['Paused']),
    readinessProbe: PROBE,
    livenessProbe: PROBE,
    accessCredentials: list(ACCESS_CREDENTIAL),
    architecture: oneOf(['amd64', 'arm64'], {
      refused: { s390x: 'this architecture is not supported by this version of solovirt' },
    }),
    hostname: text(checkDnsLabel, { pattern: DNS_LABEL }),
    subdomain: text(checkDnsLabel, { pattern: DNS_LABEL }),
  },
  required: ['domain'],
  clusterOnly: [
    'affinity',
    'dnsConfig',
    'dnsPolicy',
    'evictionStrategy',
    'nodeSelector',
    'priorityClassName',
    'resourceClaims',
    'schedulerName',
    'serviceAccountName',
    'tolerations',
    'topologySpreadConstraints',
  ],
});

export const TEMPLATE = object({
  type: 'VirtualMachineInstanceTemplateSpec',
  fields: { metadata: TEMPLATE_METADATA, spec: INSTANCE },
  required: ['spec'],
});

type Instance = ValueOf<typeof INSTANCE>;
type Domain = ValueOf<typeof DOMAIN>;

/** What else the VM's document says. */
interface Surroundings {
  readonly settings: HostSettings;
  readonly namespace: string;
}

/** The template with every default filled in; of use only when nothing was reported. */
export function resolveTemplate(
  template: Found<ValueOf<typeof TEMPLATE>>,
  around: Surroundings,
  report: Report,
): InstanceTemplate | undefined {
  const { metadata, spec } = template.value.get;
  const { labels, annotations } = metadata?.value.get ?? {};
  const domain = spec?.value.get.domain;
  if (spec === undefined || domain === undefined) return undefined;
  return {
    labels: plainTexts(labels),
    annotations: plainTexts(annotations),
    spec: resolveInstance(spec.value, domain.value, around, report),
  };
}

function resolveInstance(
  { present, get }: Instance,
  domain: Domain,
  around: Surroundings,
  report: Report,
): InstanceSpec {
  const { settings } = around;
  const { cpu, memory, resources, firmware, rebootPolicy } = domain.get;
  const devices: DeviceFields = domain.get.devices?.value.get ?? {};
  const kernelBoot = resolveKernelBoot(firmware, settings, report);
  const watchdog = resolveWatchdog(devices.watchdog);
  const tpm = resolveTpm(devices.tpm);
  const architecture: InstanceSpec['architecture'] =
    get.architecture?.value === 'arm64' ? 'arm64' : undefined;
  const accessCredentials = resolveAccessCredentials(get, report);
  const disks = devices.disks?.value ?? [];
  // What is joined by name cannot be judged when one of the lists is none: that fault is enough.
  const unreadable =
    (present.has('volumes') && !get.volumes) ||
    (present.has('networks') && !get.networks) ||
    isUnreadable(domain, 'disks') ||
    isUnreadable(domain, 'filesystems') ||
    isUnreadable(domain, 'interfaces');
  reportBootOrder([...disks, ...(devices.interfaces?.value ?? [])], report);
  const storage = unreadable
    ? { disks: [] }
    : resolveStorage(devices, get, { architecture, settings }, report);
  const cpus = resourceAmount(resources, 'cpu', report);
  const ram = resourceAmount(resources, 'memory', report);
  const machineSize = {
    cpu: { ...resolveCpu(cpu, cpus, report), ...resolveFeaturesOfCpu(domain.get, report) },
    memoryBytes: resolveMemory(memory, ram, report),
    graphics: devices.autoattachGraphicsDevice?.value ?? true,
    ...(tpm && { tpm }),
    ...(architecture && { architecture }),
    ...(storage.filesystems && { filesystems: storage.filesystems }),
  };
  const limits = resolveLimits(
    { memory: ram.limit, cpu: cpus.limit },
    machineSize,
    settings,
    report,
  );
  const hugepageBytes = resolveHugepages(memory, machineSize.memoryBytes, report);
  const video = resolveVideo(devices.video, machineSize.graphics, report);
  const inputs = resolveInputs(devices.inputs?.value ?? [], report);
  const interfaces = unreadable ? [] : resolveNetwork(devices, get, around, report);
  const panicDevices = resolvePanicDevices(devices.panicDevices?.value ?? [], settings, report);
  const panicDumps = resolvePanicDumps(settings, panicDevices, report);
  const startPaused = get.startStrategy !== undefined;
  return {
    cpu: machineSize.cpu,
    memoryBytes: machineSize.memoryBytes,
    ...(hugepageBytes !== undefined && { hugepageBytes }),
    ...(architecture && { architecture }),
    ...resolveBoard(domain.get, architecture, report),
    ...(kernelBoot && { kernelBoot }),
    ...(get.hostname && { hostname: get.hostname.value }),
    ...(get.subdomain && { subdomain: get.subdomain.value }),
    ...storage,
    disks: withThreads(storage.disks, machineSize.cpu, {
      policy: domain.get.ioThreadsPolicy?.value,
      multiQueue: devices.blockMultiQueue?.value ?? false,
    }),
    interfaces,
    rng: devices.rng !== undefined,
    ...(watchdog && { watchdog }),
    ...(tpm && { tpm }),
    ...(devices.autoattachVSOCK?.value === true && { vsock: true }),
    panicDevices,
    ...(panicDumps !== undefined && { panicDumps }),
    graphics: machineSize.graphics,
    ...(video && { video }),
    serialConsole: devices.autoattachSerialConsole?.value ?? true,
    memBalloon: devices.autoattachMemBalloon?.value ?? true,
    inputDevice: devices.autoattachInputDevice?.value ?? false,
    ...(inputs && { inputs }),
    gracePeriodSeconds: get.terminationGracePeriodSeconds?.value ?? DEFAULT_GRACE_PERIOD_SECONDS,
    startPaused,
    rebootPolicy: rebootPolicy?.value ?? 'Reboot',
    ...resolveProbes(
      { readiness: get.readinessProbe, liveness: get.livenessProbe },
      { networked: unreadable || userNic(interfaces) !== undefined, startPaused },
      report,
    ),
    ...(accessCredentials && { accessCredentials }),
    ...(limits && { limits }),
  };
}

/** The volumes, as disks or as filesystems. */
function resolveStorage(
  devices: DeviceFields,
  instance: Instance['get'],
  {
    architecture,
    settings,
  }: { readonly architecture: InstanceSpec['architecture']; readonly settings: HostSettings },
  report: Report,
): Pick<InstanceSpec, 'disks' | 'filesystems'> {
  const disks = devices.disks?.value ?? [];
  const volumes = instance.volumes?.value ?? [];
  const shared = devices.filesystems?.value ?? [];
  const sources = resolveVolumes(volumes, report);
  const directories = settings.get(HOST_DIRECTORIES);
  const filesystems = resolveFilesystems(shared, { disks, volumes, sources, directories }, report);
  const names = new Set(shared.map(({ value }) => value.get.name?.value));
  const onDisks = { written: volumes, sources, shared: names };
  return {
    disks: resolveDisks(disks, onDisks, architecture, report),
    ...(filesystems.length > 0 && { filesystems }),
  };
}

function isUnreadable(domain: Domain, name: 'disks' | 'filesystems' | 'interfaces'): boolean {
  const devices = domain.get.devices?.value;
  return devices?.present.has(name) === true && devices.get[name] === undefined;
}

function resolveNetwork(
  devices: DeviceFields,
  instance: Instance['get'],
  { settings, namespace }: Surroundings,
  report: Report,
): InstanceSpec['interfaces'] {
  const networks = instance.networks?.value ?? [];
  checkNetworks(networks, report);
  const interfaces = resolveInterfaces(
    devices.interfaces?.value ?? [],
    networks,
    { autoattach: devices.autoattachPodInterface?.value ?? true, namespace },
    report,
  );
  const forwards = resolveHostPorts(settings.get(HOST_PORTS), interfaces, report);
  return interfaces.map(({ ports: _, network, passt, ...base }, index) => {
    const nic = { ...base, forwards: forwards[index] ?? [] };
    if (network !== undefined) return { ...nic, kind: 'bridge', network };
    return passt ? { ...nic, kind: 'passt' } : nic;
  });
}
