/** What a VM's own status says of its guest, in brief; the whole is in the VirtualMachineInstance. Pure. */
import { guestAddresses, joinInterfaces } from '../core/agent/guest-status.ts';
import type { InstanceRecord } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { InstanceSnapshot } from '../supervisor/snapshot.ts';
import type { InstanceView } from './contract.ts';
import { rfc3339 } from './rfc3339.ts';

export function renderGuest(
  vm: VmIdentity,
  { spec, freeze }: InstanceRecord,
  seen: InstanceSnapshot | undefined,
): Pick<InstanceView, 'addresses' | 'guest' | 'frozen'> {
  const told = seen?.guest;
  const joined = joinInterfaces(vm, spec.interfaces, told?.interfaces ?? [], seen?.leases);
  const addresses = guestAddresses(joined);
  const system = told?.os?.prettyName ?? told?.os?.name;
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(told === undefined
      ? {}
      : {
          guest: {
            agent: told.agent,
            ...(told.agentVersion === undefined ? {} : { agentVersion: told.agentVersion }),
            ...(told.hostName === undefined ? {} : { hostName: told.hostName }),
            ...(system === undefined ? {} : { os: system }),
            addresses,
          },
        }),
    ...(freeze === undefined
      ? {}
      : {
          frozen: {
            since: rfc3339(freeze.at),
            ...(freeze.thawAt === undefined ? {} : { thawAt: rfc3339(freeze.thawAt) }),
          },
        }),
  };
}
