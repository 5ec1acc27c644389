/** Launches that fail. QEMU waits at the gate (see verdict-props.ts) until it is settled whether a daemon lives. */
import { tinyVm } from './manifests.ts';
import type { Ending } from './verdict-ending.ts';
import { hostDisk } from './verdict-manifests.ts';
import type { Props } from './verdict-props.ts';

const manual = { strategy: 'Manual' } as const;

const failed = {
  ready: 'gated',
  outcome: 'Failed',
  reason: 'LaunchFailed',
  initiator: 'supervisor',
} as const;

/** Holds the disk that `launch-locked-disk` wants as well. */
export const diskHolder = (name: string, props: Props): string =>
  tinyVm(name, manual) + hostDisk(props.disk);

const onPort = (name: string, port: number): string =>
  tinyVm(name, {
    ...manual,
    devices: '          interfaces: [{name: net, masquerade: {}}]\n',
    spec: '      networks: [{name: net, pod: {}}]\n',
  }).replace(
    `  name: ${name}\n`,
    `  name: ${name}\n  annotations: {solovirt.io/host-ports: '${port}:80'}\n`,
  );

export const LAUNCH_ENDINGS: readonly Ending[] = [
  {
    ...failed,
    name: 'no-image',
    manifest: (name) => tinyVm(name, manual).replace('tiny:obey', 'nobody/has:this'),
    ready: 'down',
    message:
      /^The guest could not be launched: disk root: the image nobody\/has:this is not in the image directory: put it at \S+, or get it with `solovirt images import FILE nobody\/has:this` \(looked for .+\)$/,
  },
  {
    ...failed,
    name: 'launch-unknown-cpu',
    manifest: (name) => tinyVm(name, { ...manual, domain: '        cpu: {model: NoSuchCpu}\n' }),
    message: /^The guest could not be launched: \S+: unable to find CPU model 'NoSuchCpu'$/,
  },
  {
    ...failed,
    name: 'launch-locked-disk',
    manifest: (name, { disk }) => tinyVm(name, manual) + hostDisk(disk),
    message: /^The guest could not be launched: .*Failed to get "write" lock .+$/,
  },
  {
    ...failed,
    name: 'launch-wrong-format',
    manifest: (name, { liar }) => tinyVm(name, manual) + hostDisk(liar),
    message: /^The guest could not be launched: .*Image is not in qcow2 format$/,
  },
  {
    ...failed,
    name: 'launch-taken-port',
    manifest: (name, { takenPort }) => onPort(name, takenPort),
    message:
      /^The guest could not be launched: .*Could not set up host forwarding rule 'tcp:127\.0\.0\.1:\d+-[\d.]+:80'$/,
  },
];
