/**
 * `metadata` of the VM, of its template and of other objects: names, labels and annotations.
 */
import { type Found, type Read, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, checkDnsSubdomain, DNS_LABEL, DNS_SUBDOMAIN } from '../names.ts';
import { mapOf, object } from '../object-fields.ts';

/** What the API server writes: people paste `kubectl get -o yaml`. */
export const SERVER_FIELDS: readonly string[] = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];

const TEXTS = mapOf(
  text(() => undefined, { mayBeEmpty: true }),
  'a map of names to text',
);

export const VM_METADATA = metadataWith(text(checkDnsLabel, { pattern: DNS_LABEL }));

/** Of objects that are no VMs: their names may be longer. */
export const OBJECT_METADATA = metadataWith(text(checkDnsSubdomain, { pattern: DNS_SUBDOMAIN }));

function metadataWith(name: Read<string>) {
  return object({
    type: 'ObjectMeta',
    fields: {
      name,
      namespace: text(checkDnsLabel, { pattern: DNS_LABEL }),
      labels: TEXTS,
      annotations: TEXTS,
    },
    required: ['name'],
    ignored: SERVER_FIELDS,
  });
}

/** Of an object that belongs to the VM, and so to its namespace. */
export const PART_METADATA = object({
  type: 'ObjectMeta',
  fields: {
    name: text(checkDnsSubdomain, { pattern: DNS_SUBDOMAIN }),
    labels: TEXTS,
    annotations: TEXTS,
  },
  required: ['name'],
  ignored: SERVER_FIELDS,
});

/** KubeVirt names instances itself, so a template's own name means nothing. */
export const TEMPLATE_METADATA = object({
  type: 'ObjectMeta',
  fields: { labels: TEXTS, annotations: TEXTS },
  ignored: [...SERVER_FIELDS, 'generateName', 'name', 'namespace'],
});

export type TextMap = ValueOf<typeof TEXTS>;

export const DEFAULT_NAMESPACE = 'default';

/** Plain values, as the model keeps them. */
export function plainTexts(found: Found<TextMap> | undefined): Readonly<Record<string, string>> {
  const entries = [...(found?.value ?? [])].map(([key, { value }]) => [key, value] as const);
  return Object.fromEntries(entries);
}
