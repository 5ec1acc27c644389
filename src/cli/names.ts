/**
 * `NAME` or `NAMESPACE/NAME` as typed by the user.
 */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { UsageError } from './errors.ts';

export const DEFAULT_NAMESPACE = 'default';

// Wider than Kubernetes' names (capitals, underscores): the daemon then answers "not found" with a suggestion.
const SEGMENT = /^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$/;

/** @throws UsageError when the text cannot name a VM. */
export function parseVmName(text: string, namespace: string): VmIdentity {
  const parts = text.split('/');
  const [first, second] = parts;
  const identity =
    parts.length === 2 ? { namespace: first, name: second } : { namespace, name: first };
  if (parts.length > 2 || !isSegment(identity.name) || !isSegment(identity.namespace))
    throw new UsageError(`${JSON.stringify(text)} is no VM name`, {
      hint: 'Write NAME or NAMESPACE/NAME, as `solovirt list -A` shows them.',
    });
  return { namespace: identity.namespace, name: identity.name };
}

/** @throws UsageError when the text cannot name a namespace. */
export function parseNamespace(text: string): string {
  if (isSegment(text)) return text;
  throw new UsageError(`${JSON.stringify(text)} is no namespace`, {
    hint: 'Write a name such as `default`, or -A for all namespaces.',
  });
}

function isSegment(text: string | undefined): text is string {
  return text !== undefined && SEGMENT.test(text);
}

/** How the user would type it: the namespace only where it is needed. */
export function displayName(identity: VmIdentity): string {
  return identity.namespace === DEFAULT_NAMESPACE
    ? identity.name
    : `${identity.namespace}/${identity.name}`;
}
