/**
 * Boot order is one sequence over disks and interfaces: every number stands once.
 */
import type { Found } from '../fields.ts';
import type { Report } from '../report.ts';

interface Bootable {
  readonly get: { readonly bootOrder?: Found<number> };
}

export function reportBootOrder(items: readonly Found<Bootable>[], report: Report): void {
  const taken = new Map<number, string>();
  for (const { path, value } of items) {
    const { bootOrder } = value.get;
    if (bootOrder === undefined) continue;
    const first = taken.get(bootOrder.value);
    if (first === undefined) taken.set(bootOrder.value, path);
    else
      report.error(
        'duplicate-boot-order',
        bootOrder,
        `${first} already has the boot order ${bootOrder.value}`,
      );
  }
}
