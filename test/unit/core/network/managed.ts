/** A managed network as tests want it. */
import type { Described } from '../../../../src/core/network/description.ts';

export function lan(
  change: Partial<Described> & { readonly range?: readonly [string, string] } = {},
): Described {
  const { range: [first, last] = ['10.44.0.2', '10.44.0.254'], ...others } = change;
  return {
    namespace: 'default',
    name: 'lan',
    bridge: 'lan0',
    managed: {
      subnet: '10.44.0.0',
      prefix: 24,
      gateway: '10.44.0.1',
      first,
      last,
      nat: true,
      domain: 'lan',
    },
    ...others,
  };
}
