/** VM files for end-to-end tests. */
import type { RunStrategy } from '../../src/core/model/virtual-machine.ts';
import {
  DEMO_INITRD,
  DEMO_KERNEL,
  DEMO_KERNEL_ARGS,
  type TinyVariant,
  tinyReference,
} from '../support/guests.ts';

export interface TinyVm {
  readonly strategy: RunStrategy;
  readonly guest?: TinyVariant;
  readonly grace?: number;
  /** Of the VM, without the prefix `solovirt.io/`. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further lines under `domain.devices`, indented by ten. */
  readonly devices?: string;
  /** Further lines under `domain`, indented by eight. */
  readonly domain?: string;
  /** Further lines under `spec.template.spec`, indented by six. */
  readonly spec?: string;
}

/** A boot-sector guest: up in about 0.1 s. */
export function tinyVm(name: string, vm: TinyVm): string {
  const { strategy, guest = 'obey', grace = 20, devices = '', domain = '', spec = '' } = vm;
  return `# the comment stays
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
${annotationLines(vm.annotations)}spec:
  runStrategy: ${strategy} # so does this one
  template:
    spec:
      terminationGracePeriodSeconds: ${grace}
${spec}      domain:
        memory:
          guest: 16Mi
${domain}        devices:
          autoattachGraphicsDevice: false
          autoattachMemBalloon: false
          autoattachPodInterface: false
${devices}          disks:
            - name: root
              disk: {bus: virtio}
      volumes:
        - name: root
          containerDisk: {image: '${tinyReference(guest)}'}
`;
}

function annotationLines(annotations: TinyVm['annotations'] = {}): string {
  const lines = Object.entries(annotations).map(
    ([name, value]) => `    solovirt.io/${name}: ${JSON.stringify(value)}\n`,
  );
  return lines.length === 0 ? '' : `  annotations:\n${lines.join('')}`;
}

/** The panic guest writes to the port of the ISA panic device. */
export const ISA_PANIC_DEVICE = '          panicDevices: [{model: isa}]\n';

export interface DemoVm {
  readonly strategy: RunStrategy;
  /** Further words for its kernel: hooks of images/README.md. */
  readonly hooks?: string;
  readonly graphics?: true;
  readonly network?: true;
  readonly memory?: string;
  /** Further lines under `domain`, indented by eight, and under `domain.devices`, by ten. */
  readonly domain?: string;
  readonly devices?: string;
  /** Further lines under `spec.template.spec`, indented by six. */
  readonly spec?: string;
  /** Of the VM, without the prefix `solovirt.io/`. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The small Linux: a shell on its console, a web page on port 80; up in some seconds. */
export function demoVm(name: string, vm: DemoVm): string {
  const { strategy, hooks = '', graphics = false, network = false } = vm;
  const { domain = '', devices = '', memory = '160Mi', spec = '' } = vm;
  return `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
${annotationLines(vm.annotations)}spec:
  runStrategy: ${strategy}
  template:
    metadata:
      annotations:
        solovirt.io/kernel: ${DEMO_KERNEL}
        solovirt.io/initrd: ${DEMO_INITRD}
        solovirt.io/kernel-args: ${DEMO_KERNEL_ARGS} ${hooks}
    spec:
      terminationGracePeriodSeconds: 30
${spec}      domain:
        memory:
          guest: ${memory}
${domain}        devices:
          autoattachGraphicsDevice: ${graphics}
          autoattachPodInterface: ${network}
          rng: {}
${devices}`;
}

/** A network that solovirt makes itself. */
export function managedNetwork(name: string, bridge: string, subnet: string): string {
  return `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: ${name}}
spec:
  config: |
    {"type": "bridge", "bridge": "${bridge}", "isGateway": true,
     "ipam": {"type": "host-local", "subnet": "${subnet}"}}
`;
}
