/** How a guest's interfaces are connected to bridges of the host. Pure. */
import { networkKey } from '../core/model/host-network.ts';
import type { InstanceRecord } from '../core/model/record.ts';
import { networkOf, tapName } from '../core/qemu-args/taps.ts';
import type { InstanceView, PluggedView } from './contract.ts';

export function renderPlugged({
  uid,
  spec,
  networks = [],
  tapsUnnamed,
}: InstanceRecord): Pick<InstanceView, 'networks'> {
  const plugged = spec.interfaces.flatMap((nic, index): readonly PluggedView[] => {
    const network = nic.kind === 'bridge' ? networkOf(nic, networks) : undefined;
    if (network === undefined) return [];
    return [
      {
        name: nic.name,
        network: networkKey(network),
        bridge: network.bridge,
        ...(network.vlan === undefined ? {} : { vlan: network.vlan }),
        ...(tapsUnnamed === true ? {} : { tap: tapName(uid, index) }),
      },
    ];
  });
  return plugged.length === 0 ? {} : { networks: plugged };
}
