/**
 * solovirt's annotations: what each means, in our own words. A test holds the table against those that are read.
 */
import {
  CPU_QUOTA,
  CPU_WEIGHT,
  HOST_DIRECTORIES,
  HOST_PORTS,
  INITRD,
  IO_WEIGHT,
  KERNEL,
  KERNEL_ARGS,
  MEMORY_MAX,
  PANIC_DEVICE,
  PANIC_DUMPS,
  START_AFTER,
  START_DELAY,
} from '../manifest/sections/annotations.ts';

export interface AnnotationWords {
  readonly text: string;
  readonly example: string;
}

export const ANNOTATION_WORDS: Readonly<Record<string, AnnotationWords>> = {
  [KERNEL]: {
    text: 'Kernel for direct boot: a file of the image directory, as a relative path without "..".',
    example: 'demo/latest/vmlinuz',
  },
  [INITRD]: {
    text: 'Initial RAM disk for direct boot, likewise. Goes with solovirt.io/kernel.',
    example: 'demo/latest/initrd.img',
  },
  [KERNEL_ARGS]: {
    text: 'Command line of the kernel, on one line. Goes with solovirt.io/kernel.',
    example: 'console=ttyS0 quiet',
  },
  [HOST_PORTS]: {
    text: 'Ports of the host that lead into the guest: entries [ADDRESS:]HOSTPORT:PORT[/tcp|udp], separated by commas or white space, at most 256. ADDRESS is 127.0.0.1 unless given. PORT is a number or the name of a port that an interface declares.',
    example: '2222:22, 0.0.0.0:8080:http, 5353:53/udp',
  },
  [HOST_DIRECTORIES]: {
    text: 'Directories of the host that stand for claims which the guest shares as filesystems: entries CLAIM=PATH, separated by commas or line ends. PATH is absolute, in the image directory or in one of the diskRoots of the configuration.',
    example: 'media=/srv/media, src=/srv/src',
  },
  [PANIC_DEVICE]: {
    text: 'none: no panic device, unless panicDevices lists one.',
    example: 'none',
  },
  [PANIC_DUMPS]: {
    text: 'When the kernel of the guest panics, its memory is written to a file before the run ends. The value is how many of these files are kept, the newest, 1 to 3.',
    example: '1',
  },
  [START_AFTER]: {
    text: 'VMs that are to run, and be ready where they have a readiness probe, before the run strategy starts this one: names NAME or NAMESPACE/NAME, separated by commas or white space, at most 256. It is an order and nothing more: a VM that is not going to run is not waited for.',
    example: 'db, cache, infra/nfs',
  },
  [START_DELAY]: {
    text: "How long after the last of them came up, or after the host's boot when that is later, this VM is started: a duration, or a plain number of seconds, at most 24h.",
    example: '30s',
  },
  [MEMORY_MAX]: {
    text: 'Memory that the whole QEMU process may take: a quantity, at least the memory of the guest. Holds under the systemd launcher only.',
    example: '2Gi',
  },
  [CPU_QUOTA]: {
    text: 'Processor time that QEMU may take, in CPUs: a quantity from 10m to 2000. Holds under the systemd launcher only.',
    example: '1.5',
  },
  [CPU_WEIGHT]: {
    text: 'Share of the CPUs when they are short: 1 to 10000; 100 is what everything else has. Holds under the systemd launcher only.',
    example: '200',
  },
  [IO_WEIGHT]: {
    text: 'Share of the disks when they are short: 1 to 10000; 100 is what everything else has. Holds under the systemd launcher only.',
    example: '50',
  },
};
