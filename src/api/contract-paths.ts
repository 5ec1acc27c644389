/** Where everything is on the socket: KubeVirt's paths and Kubernetes', with solovirt's own marked. */
import type { InstanceVerb, VmVerb } from './contract-options.ts';

export const KUBEVIRT_API = '/apis/kubevirt.io/v1';
export const SUBRESOURCES_API = '/apis/subresources.kubevirt.io/v1';
export const CORE_API = '/api/v1';
/** solovirt's own: host information. */
export const SOLOVIRT_API = '/apis/solovirt.io/v1';

/** PUT: stop every guest and start none. DELETE: let run strategies act again. solovirt's own. */
export const DRAIN_PATH = `${SOLOVIRT_API}/drain`;

export function vmPath(namespace: string, name: string): string {
  return `${KUBEVIRT_API}${scoped(namespace)}/virtualmachines/${encodeURIComponent(name)}`;
}

/** GET: `RunList`. solovirt's own. */
export function runsPath(namespace: string, name: string): string {
  return `${vmPath(namespace, name)}/runs`;
}

/** PUT with a JSON body of options. */
export function vmSubresourcePath(namespace: string, name: string, verb: VmVerb): string {
  return `${SUBRESOURCES_API}${scoped(namespace)}/virtualmachines/${encodeURIComponent(name)}/${verb}`;
}

/** PUT with a JSON body of options. */
export function instanceSubresourcePath(
  namespace: string,
  name: string,
  verb: InstanceVerb,
): string {
  return `${SUBRESOURCES_API}${scoped(namespace)}/virtualmachineinstances/${encodeURIComponent(name)}/${verb}`;
}

/** GET, text/plain. Query: stream=console|qemu, tail=LINES, follow=1, run=UID. solovirt's own. */
export function logsPath(namespace: string, name: string): string {
  return `${SUBRESOURCES_API}${scoped(namespace)}/virtualmachines/${encodeURIComponent(name)}/logs`;
}

function scoped(namespace: string): string {
  return `/namespaces/${encodeURIComponent(namespace)}`;
}
