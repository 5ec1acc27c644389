/**
 * Where the guest images for tests are, and what they do. They are made by `images/build`, which `npm test`
 * runs first; their behaviour is described in images/README.md and proved by test/qemu/guests-*.test.ts.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The image directory of the checkout: what a test passes as `--images`. */
export const imagesDir: string = resolve(import.meta.dirname, '../../images');

/** References into `imagesDir`, as manifests name them. */
export const DEMO_IMAGE = 'demo:latest';
export const DEMO_KERNEL = 'demo/latest/vmlinuz';
export const DEMO_INITRD = 'demo/latest/initrd.img';
/** The least that shows the demo guest's marks on the serial console; append hooks with a space. */
export const DEMO_KERNEL_ARGS = 'console=ttyS0 quiet';

/** On the console when the demo guest is up, when it has an address, and just before it is off. */
export const DEMO_UP = 'solovirt-guest: up boot_id=';
export const DEMO_HAS_ADDRESS = 'solovirt-guest: eth0 has ';
export const DEMO_DOWN = 'solovirt-guest: down';

/** The boot-sector guests: each prints UP when it listens to the power button, and DOWN before it is off. */
export const TINY_VARIANTS = [
  'obey',
  'ignore',
  'slow',
  'off',
  'off-after',
  'reset',
  'reset-once',
  'crash',
  'panic',
  'spin',
  'rest',
  'watchdog',
  'witness',
] as const;
export type TinyVariant = (typeof TINY_VARIANTS)[number];

export const TINY_UP = 'UP\r\n';
export const TINY_DOWN = 'DOWN\r\n';

/** The reference of a boot-sector guest, as a `containerDisk` names it. */
export function tinyReference(variant: TinyVariant): string {
  return `tiny:${variant}`;
}

/** Absolute path of a boot-sector guest, a raw disk. Throws if it has not been made. */
export function tinyImage(variant: TinyVariant): string {
  return built(`tiny/${variant}.img`);
}

export interface DemoGuest {
  readonly kernel: string;
  readonly initrd: string;
  /** A bootable qcow2 disk of the same guest. */
  readonly disk: string;
}

/** Absolute paths of the Linux guest. Throws if it has not been made. */
export function demoGuest(): DemoGuest {
  return {
    kernel: built(DEMO_KERNEL),
    initrd: built(DEMO_INITRD),
    disk: built('demo/latest.qcow2'),
  };
}

function built(file: string): string {
  const path = join(imagesDir, file);
  if (!existsSync(path))
    throw new Error(`the guest image ${path} is missing: make it with "sh images/build"`);
  return path;
}

/** The Linux guest with QEMU's guest agent, and its data disk; what it does on request is in images/README.md. */
export const AGENT_KERNEL = 'agent/latest/vmlinuz';
export const AGENT_INITRD = 'agent/latest/initrd.img';
export const AGENT_IMAGE = 'agent:latest';
