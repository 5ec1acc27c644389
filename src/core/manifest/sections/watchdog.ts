/**
 * `devices.watchdog`: the i6300esb, which resets the guest by default.
 */
import type { WatchdogSpec } from '../../model/machine.ts';
import { type Found, oneOf, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, DNS_LABEL } from '../names.ts';
import { object } from '../object-fields.ts';

export const WATCHDOG = object({
  type: 'Watchdog',
  fields: {
    name: text(checkDnsLabel, { pattern: DNS_LABEL }),
    i6300esb: object({
      type: 'I6300ESBWatchdog',
      fields: { action: oneOf(['reset', 'poweroff', 'shutdown']) },
    }),
  },
  required: ['name'],
});

export function resolveWatchdog(
  watchdog: Found<ValueOf<typeof WATCHDOG>> | undefined,
): WatchdogSpec | undefined {
  const { name, i6300esb } = watchdog?.value.get ?? {};
  if (name === undefined) return undefined;
  return { name: name.value, action: i6300esb?.value.get.action?.value ?? 'reset' };
}
