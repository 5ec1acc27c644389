/**
 * What a document declares, and what it is called: found out before anything else of it is read.
 */
import {
  NETWORK_KIND,
  OBJECT_KINDS,
  type ObjectId,
  type ObjectKind,
  VALUE_KINDS,
} from '../../model/file-object.ts';
import type { VmIdentity } from '../../model/virtual-machine.ts';
import { quoted } from '../field-path.ts';
import { isDnsLabel, isDnsSubdomain } from '../names.ts';
import type { Report } from '../report.ts';
import { isNull, type SourceMap } from '../source-node.ts';
import { suggest } from '../suggest.ts';
import { DEFAULT_NAMESPACE } from './metadata.ts';

export const VM_KIND = 'VirtualMachine';
export const VM_API_VERSIONS = ['kubevirt.io/v1', 'kubevirt.io/v1alpha3'] as const;

export type DocumentKind = typeof VM_KIND | ObjectKind;

const KINDS: readonly DocumentKind[] = [VM_KIND, ...OBJECT_KINDS];

/**
 * The kind, mistyped or not; a document without one is taken for a VM. Undefined for one that plainly declares
 * something else: reading its fields would only make noise.
 */
export function kindOf(root: SourceMap): DocumentKind | undefined {
  const kind = text(root, 'kind');
  if (kind === undefined) return VM_KIND;
  const nearest = suggest(kind, KINDS);
  return KINDS.find((known) => known === kind) ?? KINDS.find((known) => known === nearest);
}

export function reportOtherKind(root: SourceMap, report: Report): void {
  const entry = root.entries.get('kind');
  report.error(
    'unsupported-kind',
    { path: 'kind', offset: entry?.node.offset ?? 0 },
    `solovirt does not read the kind ${quoted(text(root, 'kind') ?? '')}; expected ${VM_KIND} with apiVersion ${VM_API_VERSIONS.join(' or ')}, ${VALUE_KINDS.join(' or ')} with apiVersion v1, or ${NETWORK_KIND} with apiVersion k8s.cni.cncf.io/v1`,
  );
}

/** The VM's name, as long as that much can be read. */
export function vmIdentity(root: SourceMap): VmIdentity | undefined {
  return nameIn(root, isDnsLabel);
}

/** The same of another object. */
export function objectIdentity(root: SourceMap, kind: ObjectKind): ObjectId | undefined {
  const found = nameIn(root, isDnsSubdomain);
  return found && { kind, ...found };
}

function nameIn(
  root: SourceMap,
  isName: (text: string) => boolean,
): { readonly namespace: string; readonly name: string } | undefined {
  const metadata = root.entries.get('metadata')?.node;
  if (metadata?.kind !== 'map') return undefined;
  const name = text(metadata, 'name');
  const namespaceNode = metadata.entries.get('namespace')?.node;
  const namespace =
    namespaceNode === undefined || isNull(namespaceNode)
      ? DEFAULT_NAMESPACE
      : text(metadata, 'namespace');
  if (name === undefined || !isName(name)) return undefined;
  return namespace === undefined || !isDnsLabel(namespace) ? undefined : { namespace, name };
}

function text(map: SourceMap, key: string): string | undefined {
  const node = map.entries.get(key)?.node;
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}
