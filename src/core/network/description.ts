/**
 * What the keeper of a managed network is told (`qemu/network-keep`, which reads it strictly), and what it answers. Pure.
 */
import { type HostNetwork, type ManagedNetwork, networkKey } from '../model/host-network.ts';
import type { VmIdentity } from '../model/virtual-machine.ts';
import type { Member } from './members.ts';

export interface Described extends HostNetwork {
  readonly managed: ManagedNetwork;
}

export function isManaged(network: HostNetwork): network is Described {
  return network.managed !== undefined;
}

/** @param token names this version of the description in the keeper's answer */
export function describeNetwork(
  network: Described,
  members: readonly Member[],
  token: string,
): string {
  const { bridge, mtu, managed } = network;
  const lines = [
    `token ${token}`,
    `network ${networkKey(network)}`,
    `bridge ${bridge}`,
    ...(mtu === undefined ? [] : [`mtu ${mtu}`]),
    `subnet ${managed.subnet}/${managed.prefix}`,
    `gateway ${managed.gateway}`,
    `nat ${managed.nat ? 'yes' : 'no'}`,
    `domain ${managed.domain}`,
    ...members.map(({ vm, mac, address }) => `host ${mac} ${address} ${guestName(network, vm)}`),
    ...members.flatMap(({ address, forwards }) =>
      forwards.map(
        ({ protocol, hostAddress, hostPort, guestPort }) =>
          `forward ${protocol} ${hostAddress} ${hostPort} ${address} ${guestPort}`,
      ),
    ),
  ];
  return [...lines, 'end', ''].join('\n');
}

/** What a guest is called in a network: its VM's name; of another namespace than the network's `NAME.NAMESPACE`. */
export function guestName(network: Pick<HostNetwork, 'namespace'>, vm: VmIdentity): string {
  return vm.namespace === network.namespace ? vm.name : `${vm.name}.${vm.namespace}`;
}

export interface KeeperState {
  /** Of the description that the answer is about. */
  readonly token: string;
  /** Why the description is not followed; absent when it is. */
  readonly refused?: string;
  readonly pid: number;
  readonly startTime: number;
  readonly bootId: string;
  /** How often its dnsmasq has ended by itself. */
  readonly ends: number;
  /** How it ended last; empty when it has not. */
  readonly lastEnd: string;
}

const STATE =
  /^([-0-9a-f]*)\n(?:ready|refused ([^\n]*))\n(\d{1,10}) (\d{1,20}) ([-0-9a-f]{36})\n(\d{1,9}) ([^\n]*)\n$/;

/** The keeper's file `state`; undefined for anything else. */
export function parseKeeperState(text: string): KeeperState | undefined {
  const [, token, refused, pid, startTime, bootId, ends, lastEnd] = STATE.exec(text) ?? [];
  if (token === undefined || bootId === undefined) return undefined;
  return {
    token,
    ...(refused === undefined ? {} : { refused }),
    pid: Number(pid),
    startTime: Number(startTime),
    bootId,
    ends: Number(ends),
    lastEnd: lastEnd ?? '',
  };
}

/** Addresses by MAC address from a lease file of dnsmasq's: lines of EXPIRY MAC ADDRESS NAME CLIENT-ID, dnsmasq(8). */
export function parseLeases(text: string): ReadonlyMap<string, string> {
  const leases = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, mac, address] = /^\d+ ([0-9a-f:]{17}) (\d+(?:\.\d+){3}) /.exec(line) ?? [];
    if (mac !== undefined && address !== undefined) leases.set(mac, address);
  }
  return leases;
}
