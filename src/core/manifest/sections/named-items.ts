/**
 * Lists whose items are known by their name.
 */

import { quoted } from '../field-path.ts';
import type { Found } from '../fields.ts';
import type { Report } from '../report.ts';

interface Named {
  readonly get: { readonly name?: Found<string> };
}

/** Reports every name that an earlier item of the list has. */
export function reportDuplicateNames(items: readonly Found<Named>[], report: Report): void {
  const seen = new Map<string, string>();
  for (const item of items) {
    const { name } = item.value.get;
    if (name === undefined) continue;
    const first = seen.get(name.value);
    if (first === undefined) seen.set(name.value, item.path);
    else
      report.error('duplicate-name', name, `${first} already has the name ${quoted(name.value)}`);
  }
}
