/**
 * QEMU's firmware descriptors (its `docs/interop/firmware.json`): small JSON files by which a distribution tells what
 * firmware it has, for which machines, and where. Pure.
 */
import type { JsonObject } from '../model/json.ts';
import type { Bootloader } from '../model/machine.ts';
import type { InstanceSpec } from '../model/virtual-machine.ts';
import type { ImageFormat } from '../qemu-args/input.ts';

/** A UEFI firmware in two flash chips: code that nobody writes, and variables that begin as a copy of a template. */
export interface FlashFirmware {
  readonly code: FirmwareFile;
  readonly varsTemplate: FirmwareFile;
  readonly targets: readonly FirmwareTarget[];
  /** `secure-boot`, `enrolled-keys`, `requires-smm` and others. */
  readonly features: readonly string[];
}

export interface FirmwareFile {
  /** Absolute path. */
  readonly file: string;
  readonly format: ImageFormat;
}

interface FirmwareTarget {
  /** As QEMU calls it: `x86_64`, `aarch64`. */
  readonly architecture: string;
  /** Names of machine types, with `*` for any text. */
  readonly machines: readonly string[];
}

/** What a machine wants of its firmware. */
export interface FirmwareWish {
  readonly architecture: string;
  readonly machineType: string;
  readonly secureBoot: boolean;
}

export function firmwareWish(
  { secureBoot }: Extract<Bootloader, { kind: 'efi' }>,
  { machineType, architecture }: Pick<InstanceSpec, 'machineType' | 'architecture'>,
): FirmwareWish {
  const name = architecture === 'arm64' ? 'aarch64' : 'x86_64';
  return { architecture: name, machineType, secureBoot };
}

/**
 * The firmware that a descriptor tells of; undefined for what this version cannot use: a BIOS, firmware that keeps no
 * variables, firmware in one file.
 * @throws SyntaxError when it is no JSON
 */
export function parseDescriptor(text: string): FlashFirmware | undefined {
  const descriptor = asObject(JSON.parse(text));
  const mapping = asObject(descriptor['mapping']);
  const code = fileOf(mapping['executable']);
  const varsTemplate = fileOf(mapping['nvram-template']);
  const isFlash = mapping['device'] === 'flash' && (mapping['mode'] ?? 'split') === 'split';
  if (!texts(descriptor['interface-types']).includes('uefi') || !isFlash) return undefined;
  if (code === undefined || varsTemplate === undefined) return undefined;
  return {
    code,
    varsTemplate,
    targets: targetsOf(descriptor),
    features: texts(descriptor['features']),
  };
}

/**
 * The first that suits, in the order given. Secure boot asks for keys that are enrolled already, as in KubeVirt's
 * images: with an empty store of keys everything boots.
 */
export function chooseFirmware(
  known: readonly FlashFirmware[],
  wish: FirmwareWish,
): FlashFirmware | undefined {
  const fit = known.filter((firmware) => isFor(firmware, wish));
  const suits = fit.filter((firmware) => isAsSecure(firmware, wish.secureBoot));
  // Secure boot with an empty store of keys is off; one that has none of it is simpler still.
  const plain = suits.find(({ features }) => !features.includes('secure-boot'));
  return wish.secureBoot ? suits[0] : (plain ?? suits[0]);
}

function isAsSecure({ features }: FlashFirmware, secureBoot: boolean): boolean {
  const has = (feature: string): boolean => features.includes(feature);
  return secureBoot
    ? has('secure-boot') && has('enrolled-keys')
    : !has('requires-smm') && !has('enrolled-keys');
}

function isFor({ targets }: FlashFirmware, { architecture, machineType }: FirmwareWish): boolean {
  const name = versioned(machineType);
  return targets.some(
    (target) =>
      target.architecture === architecture && target.machines.some((glob) => matches(glob, name)),
  );
}

/** Descriptors name versions; an alias stands for the newest. */
function versioned(machineType: string): string {
  const families: Readonly<Record<string, string>> = {
    q35: 'pc-q35',
    pc: 'pc-i440fx',
    virt: 'virt',
  };
  const family = families[machineType];
  return family === undefined ? machineType : `${family}-99.0`;
}

function matches(glob: string, name: string): boolean {
  const escaped = glob.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`).test(name);
}

function targetsOf(descriptor: JsonObject): readonly FirmwareTarget[] {
  return list(descriptor['targets']).map((item) => {
    const target = asObject(item);
    const architecture = target['architecture'];
    return {
      architecture: typeof architecture === 'string' ? architecture : '',
      machines: texts(target['machines']),
    };
  });
}

function fileOf(value: unknown): FirmwareFile | undefined {
  const { filename, format } = asObject(value);
  if (typeof filename !== 'string' || !filename.startsWith('/')) return undefined;
  return format === 'raw' || format === 'qcow2' ? { file: filename, format } : undefined;
}

function asObject(value: unknown): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === 'string');
}
