/**
 * What the guest agent tells, from its JSON (QEMU `qga/qapi-schema.json`) to plain data within bounds. Pure. The guest is
 * not trusted: what has the wrong type is left out, lists are cut, and every text has been through `guestText`.
 */
import type { Json, JsonObject } from '../model/json.ts';
import { asObject } from '../model/json.ts';
import { guestText } from './guest-text.ts';

/** KubeVirt `VirtualMachineInstanceGuestOSInfo`. */
export interface GuestOs {
  readonly id?: string;
  readonly kernelRelease?: string;
  readonly kernelVersion?: string;
  readonly machine?: string;
  readonly name?: string;
  readonly prettyName?: string;
  readonly version?: string;
  readonly versionId?: string;
}

export interface GuestInterface {
  /** As the guest calls it: `eth0`. */
  readonly name: string;
  /** Lower case, with colons. */
  readonly mac?: string;
  /** In the guest's order, those that lead nowhere else (link-local) last. */
  readonly addresses: readonly string[];
}

export interface GuestUser {
  readonly name: string;
  /** Of Windows guests. */
  readonly domain?: string;
  /** Seconds since 1970. */
  readonly loginTime?: number;
}

export interface GuestDisk {
  readonly busType: string;
  readonly serial?: string;
}

export interface GuestFilesystem {
  readonly diskName: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly disks: readonly GuestDisk[];
}

export interface AgentInfo {
  readonly version?: string;
  readonly commands: readonly { readonly name: string; readonly enabled: boolean }[];
}

export type FreezeStatus = 'frozen' | 'thawed';

const MOST_INTERFACES = 64;
const MOST_ADDRESSES = 32;
const MOST_USERS = 256;
const MOST_FILESYSTEMS = 256;
const MOST_DISKS = 16;
const MOST_COMMANDS = 256;
/** Linux's IFNAMSIZ is 16; Windows has whole sentences. */
const MOST_NAME = 64;

/** `guest-get-osinfo`: GuestOSInfo. */
export function osOf(answer: Json): GuestOs {
  const told = asObject(answer);
  const text = (field: string): string | undefined => guestText(told[field]);
  return present({
    id: text('id'),
    kernelRelease: text('kernel-release'),
    kernelVersion: text('kernel-version'),
    machine: text('machine'),
    name: text('name'),
    prettyName: text('pretty-name'),
    version: text('version'),
    versionId: text('version-id'),
  });
}

/** `guest-get-host-name`: GuestHostName. */
export function hostNameOf(answer: Json): string | undefined {
  return guestText(asObject(answer)['host-name']);
}

/** `guest-get-timezone`: GuestTimezone, as KubeVirt shows it: `CET, 3600`. */
export function timezoneOf(answer: Json): string | undefined {
  const { zone, offset } = asObject(answer);
  const name = guestText(zone, MOST_NAME);
  const seconds = typeof offset === 'number' && Number.isSafeInteger(offset) ? `${offset}` : '';
  const parts = [name ?? '', seconds].filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** `guest-network-get-interfaces`: GuestNetworkInterface, without the loopback. */
export function interfacesOf(answer: Json): readonly GuestInterface[] {
  return some(answer, MOST_INTERFACES).flatMap((told) => {
    const name = guestText(told['name'], MOST_NAME);
    if (name === undefined || name === 'lo') return [];
    const addresses = some(told['ip-addresses'], MOST_ADDRESSES)
      .map((entry) => entry['ip-address'])
      .filter(isAddress);
    const mac = macOf(told['hardware-address']);
    const ordered = [
      ...addresses.filter((address) => !isLinkLocal(address)),
      ...addresses.filter(isLinkLocal),
    ];
    return [{ name, ...(mac === undefined ? {} : { mac }), addresses: ordered }];
  });
}

/** `guest-get-users`: GuestUser. */
export function usersOf(answer: Json): readonly GuestUser[] {
  return some(answer, MOST_USERS).flatMap((told) => {
    const name = guestText(told['user']);
    const at = told['login-time'];
    const loginTime = typeof at === 'number' && at >= 0 && at < MOST_SECONDS ? at : undefined;
    return name === undefined
      ? []
      : [{ name, ...present({ domain: guestText(told['domain']), loginTime }) }];
  });
}

/** The last instant of JavaScript's calendar (ECMA-262, Time Values). */
const MOST_SECONDS = 8.64e12;

/** `guest-get-fsinfo`: GuestFilesystemInfo. */
export function filesystemsOf(answer: Json): readonly GuestFilesystem[] {
  return some(answer, MOST_FILESYSTEMS).flatMap((told) => {
    const mountPoint = guestText(told['mountpoint']);
    if (mountPoint === undefined) return [];
    const disks = some(told['disk'], MOST_DISKS).map((disk) => ({
      busType: guestText(disk['bus-type'], MOST_NAME) ?? 'unknown',
      ...present({ serial: guestText(disk['serial']) }),
    }));
    return [
      {
        diskName: guestText(told['name']) ?? '',
        mountPoint,
        type: guestText(told['type'], MOST_NAME) ?? '',
        usedBytes: size(told['used-bytes']),
        totalBytes: size(told['total-bytes']),
        disks,
      },
    ];
  });
}

/** `guest-info`: GuestAgentInfo. */
export function agentInfoOf(answer: Json): AgentInfo {
  const told = asObject(answer);
  const commands = some(told['supported_commands'], MOST_COMMANDS).flatMap((command) => {
    const name = guestText(command['name'], MOST_NAME);
    return name === undefined ? [] : [{ name, enabled: command['enabled'] === true }];
  });
  return { ...present({ version: guestText(told['version'], MOST_NAME) }), commands };
}

/** `guest-fsfreeze-status`: GuestFsfreezeStatus. */
export function freezeStatusOf(answer: Json): FreezeStatus | undefined {
  return answer === 'frozen' || answer === 'thawed' ? answer : undefined;
}

/** The objects among the first `most` elements of a list. */
function some(list: Json | undefined, most: number): readonly JsonObject[] {
  if (!Array.isArray(list)) return [];
  return list
    .slice(0, most)
    .filter(
      (item): item is JsonObject =>
        typeof item === 'object' && item !== null && !Array.isArray(item),
    );
}

function present<T extends object>(
  fields: T,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { readonly [K in keyof T]?: Exclude<T[K], undefined> };
}

function size(value: Json | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function macOf(value: Json | undefined): string | undefined {
  const isMac = typeof value === 'string' && /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(value);
  return isMac ? value.toLowerCase().replaceAll('-', ':') : undefined;
}

/** An IPv4 address, or what can only be meant as an IPv6 one (RFC 4291, with the zone of RFC 4007). */
function isAddress(value: Json | undefined): value is string {
  if (typeof value !== 'string' || value.length > 64) return false;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(value))
    return value.split('.').every((part) => Number(part) <= 255);
  return value.includes(':') && /^[0-9a-f:.]{2,45}(%[\w.-]{1,16})?$/i.test(value);
}

function isLinkLocal(address: string): boolean {
  return /^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
}
