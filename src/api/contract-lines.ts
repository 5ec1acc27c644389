/**
 * WebSockets into guests: paths, and what the two sides have agreed upon. Paths, queries and the subprotocol are
 * KubeVirt's (`pkg/virt-api`, `kubecli`), so that virtctl's are understood.
 */
import { SUBRESOURCES_API } from './contract-paths.ts';

/** Binary messages carry the raw bytes, cut anywhere. */
export const PLAIN_PROTOCOL = 'plain.kubevirt.io';

/** What a viewer of the console is shown of the past unless it says otherwise, and at most; bytes. */
export const DEFAULT_SCROLLBACK_BYTES = 8 * 1024;
export const MAX_SCROLLBACK_BYTES = 1024 * 1024;

/** Largest message that is taken from a client. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Codes of RFC 6455, 7.4.1, and of IANA's registry. */
export const CLOSE = {
  /** The guest's side has ended. */
  done: 1000,
  /** The viewer was cut off; the reason says why. */
  cut: 1008,
  failed: 1011,
  /** The daemon ends; the guest runs on, so try again. */
  restart: 1012,
} as const;

export function consolePath(namespace: string, name: string, scrollbackBytes: number): string {
  return `${instancePath(namespace, name)}/console?scrollback=${scrollbackBytes}`;
}

export function vncPath(namespace: string, name: string, preserveSession: boolean): string {
  return `${instancePath(namespace, name)}/vnc?preserveSession=${preserveSession}`;
}

/** GET: image/png. */
export function screenshotPath(namespace: string, name: string): string {
  return `${instancePath(namespace, name)}/vnc/screenshot`;
}

export function portForwardPath(namespace: string, name: string, port: number): string {
  return `${instancePath(namespace, name)}/portforward/${port}/tcp`;
}

function instancePath(namespace: string, name: string): string {
  const [ns, vm] = [namespace, name].map(encodeURIComponent);
  return `${SUBRESOURCES_API}/namespaces/${ns}/virtualmachineinstances/${vm}`;
}
