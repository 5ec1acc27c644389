/**
 * `NAME` or `NAMESPACE/NAME` as typed by the user.
 */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { UsageError } from './errors.ts';

export const DEFAULT_NAMESPACE = 'default';

// Wider than Kubernetes' names (capitals, underscores): the daemon then answers "not found" with a suggestion.
const SEGMENT = /^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$/;
/** A file that declares no VM is listed under its own name, which may hold anything. */
const FILE_NAME = /^[^-./\p{Cc}][^/\p{Cc}]*\.ya?ml$/u;

/** @throws UsageError when the text cannot name a VM. */
export function parseVmName(text: string, namespace: string): VmIdentity {
  const parts = text.split('/');
  const [first, second] = parts;
  const identity =
    parts.length === 2 ? { namespace: first, name: second } : { namespace, name: first };
  if (parts.length > 2 || !isName(identity.name) || !isSegment(identity.namespace))
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

function isName(text: string | undefined): text is string {
  return isSegment(text) || (text !== undefined && FILE_NAME.test(text));
}

/** How the user would type it: the namespace only where it is needed, quotes where a shell needs them. */
export function displayName({ namespace, name }: VmIdentity): string {
  const text = namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
