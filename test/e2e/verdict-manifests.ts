/** VM files of the verdict tests, beside those in manifests.ts. */
import { DEMO_INITRD, DEMO_KERNEL, DEMO_KERNEL_ARGS } from '../support/guests.ts';

/** The guest waits until `cont`, so its end does not come before the test is ready for it. */
export const HELD = '      startStrategy: Paused\n';
export const REBOOT_ENDS = '        rebootPolicy: Terminate\n';
export const NO_ACPI = '        features: {acpi: {enabled: false}}\n';

export const watchdogDevice = (action: string): string =>
  `          watchdog: {name: dog, i6300esb: {action: ${action}}}\n`;

/** Closes a manifest of `tinyVm` with another volume; it gets a disk of its own. */
export const hostDisk = (path: string): string =>
  `        - name: data\n          hostDisk: {path: ${path}, type: Disk}\n`;

export interface DemoVm {
  /** Further words of the kernel command line. */
  readonly args: string;
  /** Further annotations of the template, indented by eight. */
  readonly annotations?: string;
  /** Further lines under `domain.devices`, indented by ten. */
  readonly devices?: string;
  /** Further lines under `domain`, indented by eight. */
  readonly domain?: string;
  /** Further lines under `spec.template.spec`, indented by six. */
  readonly spec?: string;
}

/** The Linux guest without disk and network, with the panic device that every guest has by default. */
export function demoVm(name: string, vm: DemoVm): string {
  const { args, annotations = '', devices = '', domain = '', spec = '' } = vm;
  return `apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: ${name}
spec:
  runStrategy: Manual
  template:
    metadata:
      annotations:
        solovirt.io/kernel: ${DEMO_KERNEL}
        solovirt.io/initrd: ${DEMO_INITRD}
        solovirt.io/kernel-args: ${DEMO_KERNEL_ARGS} ${args}
${annotations}    spec:
${spec}      domain:
        memory:
          guest: 160Mi
${domain}        devices:
          autoattachGraphicsDevice: false
          autoattachMemBalloon: false
          autoattachPodInterface: false
${devices}`;
}
