/**
 * `domain.resources`: on a single host only a source of defaults for CPUs and memory.
 */
import { type Found, only, quantity, telling, type ValueOf } from '../fields.ts';
import { mapOf, object } from '../object-fields.ts';
import type { NanoQuantity } from '../quantity.ts';
import type { Report } from '../report.ts';

const AMOUNTS = mapOf(quantity, 'a map of resources to quantities');

/** Memory and CPU; other resources (devices, storage) are a scheduler's. */
const RESOURCE_AMOUNTS = telling({ kind: 'map', value: quantity }, (node, spot, report) => {
  const amounts = AMOUNTS(node, spot, report);
  for (const [name, { path, keyOffset }] of amounts ?? [])
    if (name !== 'memory' && name !== 'cpu') {
      const place = { path, offset: keyOffset };
      report.warning(
        'cluster-only-field',
        place,
        `the resource ${name} concerns clusters and has no effect here`,
      );
    }
  return amounts;
});

export const RESOURCES = object({
  type: 'ResourceRequirements',
  fields: {
    requests: RESOURCE_AMOUNTS,
    limits: RESOURCE_AMOUNTS,
    overcommitGuestOverhead: only(false),
  },
});

export interface ResourceAmount {
  readonly request?: Found<NanoQuantity>;
  readonly limit?: Found<NanoQuantity>;
}

/** What is asked of one resource; a request above the limit is a problem. */
export function resourceAmount(
  resources: Found<ValueOf<typeof RESOURCES>> | undefined,
  name: 'memory' | 'cpu',
  report: Report,
): ResourceAmount {
  const request = resources?.value.get.requests?.value.get(name);
  const limit = resources?.value.get.limits?.value.get(name);
  if (request && limit && request.value > limit.value)
    report.error('invalid-value', request, `the request for ${name} is larger than its limit`);
  return { ...(request && { request }), ...(limit && { limit }) };
}
