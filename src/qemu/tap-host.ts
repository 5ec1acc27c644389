/**
 * What this host has for NICs on bridges: looked at before a launch, so that what is missing is told in whole sentences.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type HostNetwork, networkKey } from '../core/model/host-network.ts';
import type { BridgeInterface } from '../core/model/network-interface.ts';
import { portWords } from '../core/preflight.ts';
import { type Tap, type TapMaking, withTaps } from '../core/qemu-args/taps.ts';
import { programFile } from './program-files.ts';
import { SpawnError } from './spawn-error.ts';

/** CAP_NET_ADMIN, capabilities(7). */
const NET_ADMIN = 12n;

/** Debian's and Fedora's places. */
const HELPERS = ['/usr/lib/qemu/qemu-bridge-helper', '/usr/libexec/qemu-bridge-helper'];
const SET_USER_ID = 0o4000;

const TUN_DEVICE = '/dev/net/tun';
const VHOST_DEVICE = '/dev/vhost-net';

/** Who makes the taps of guests that are children of this process. */
export function directTapMaking(): TapMaking {
  if (mayMakeTaps()) return { kind: 'own' };
  const path = HELPERS.find((file) => isSetUserId(file));
  if (path !== undefined) return { kind: 'helper', path };
  const installed = HELPERS.find(existsSync);
  const remedy =
    installed === undefined
      ? 'run the daemon as root, or install QEMU’s bridge helper'
      : `run the daemon as root, or as root: chmod u+s ${installed}, and a line "allow BRIDGE" in /etc/qemu/bridge.conf`;
  return {
    kind: 'none',
    why: `this daemon has no right to make network interfaces (CAP_NET_ADMIN): ${remedy}`,
  };
}

/** What is executed by this process has the right, too. */
function mayMakeTaps(): boolean {
  const status = readFileSync('/proc/self/status', 'latin1');
  const has = (set: string): boolean => {
    const bits = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    return bits !== undefined && ((BigInt(`0x${bits}`) >> NET_ADMIN) & 1n) === 1n;
  };
  return process.geteuid?.() === 0 ? has('CapEff') : has('CapAmb');
}

function isSetUserId(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.uid === 0 && (found.mode & SET_USER_ID) !== 0;
}

/** The kernel can move frames of virtio NICs by itself. */
export function hasVhostNet(): boolean {
  return existsSync(VHOST_DEVICE);
}

/** Why guests cannot be put onto any bridge here, in words; undefined when they can. */
export function tapTrouble(making: TapMaking): string | undefined {
  if (making.kind === 'none') return making.why;
  if (making.kind === 'service' && !existsSync(making.socket))
    return `nobody makes network interfaces for guests: ${making.socket} is not there; systemctl enable --now solovirt-tap.socket`;
  return existsSync(TUN_DEVICE)
    ? undefined
    : `this host has no ${TUN_DEVICE}: modprobe tun, or give the container the device`;
}

/** Why a NIC cannot be plugged into its network, in words; undefined when it can. */
export function nicTrouble(
  { name: nic, forwards }: BridgeInterface,
  network: HostNetwork,
  making: TapMaking,
): string | undefined {
  const trouble = tapTrouble(making);
  if (trouble !== undefined) return `interface ${nic}: ${trouble}`;
  const { vlan, mtu, managed } = network;
  const what = `interface ${nic}: the network ${networkKey(network)}`;
  const [forward] = forwards;
  if (managed === undefined && forward !== undefined)
    return `${what} is not solovirt’s, so ${portWords(forward)} cannot lead into it: the guest is reached at its own address there; take the port out of solovirt.io/host-ports`;
  if (making.kind === 'helper' && (vlan !== undefined || mtu !== undefined))
    return `${what} has ${vlan === undefined ? 'an mtu' : 'a vlan'}, which takes a daemon that is root: QEMU’s bridge helper cannot set it`;
  const bridge = bridgeTrouble(network);
  return bridge && `${what} ${bridge}`;
}

/** One that solovirt makes comes before the launch, or the launch has failed. */
function bridgeTrouble({ bridge, managed }: HostNetwork): string | undefined {
  if (managed !== undefined) return undefined;
  if (!interfaces().has(bridge))
    return `is on the bridge ${bridge}, and this host has no network interface of that name: "ip link add ${bridge} type bridge" makes one until the next boot, and docs/networks.md says how to keep one`;
  // /sys may be another network namespace's, and then tells nothing.
  const sys = `/sys/class/net/${bridge}`;
  if (!existsSync(sys) || existsSync(`${sys}/bridge`)) return undefined;
  return `is on ${bridge}, which is a network interface and no bridge: make a bridge, and ${bridge} one of its ports`;
}

/** Of this process's network namespace. */
function interfaces(): ReadonlySet<string> {
  const lines = readFileSync('/proc/self/net/dev', 'latin1').matchAll(/^\s*(\S+):/gm);
  return new Set([...lines].map(([, name = '']) => name));
}

/** The command of a launcher, which makes the taps before it becomes QEMU. @throws SpawnError where nobody can */
export function withMadeTaps(
  taps: readonly Tap[],
  lookUp: () => TapMaking,
  program: readonly string[],
): readonly string[] {
  if (taps.length === 0) return program;
  const making = lookUp();
  if (making.kind === 'none') throw new SpawnError(`QEMU was not started: ${making.why}`);
  return withTaps(taps, making, program, programFile('attach'));
}
