/**
 * What passes, executors and commands work with. Put together once by the daemon.
 */
import type { Credentials } from './credentials.ts';
import type { Ground } from './ground.ts';
import type { ManagedNetworks } from './managed-networks.ts';
import type { Probes } from './probes.ts';
import type { Provisioner } from './provisioner.ts';
import type { StartOrder } from './start-order.ts';
import type { Strays } from './strays.ts';

/** Nothing is started any more, and everything is stopped. */
export interface DrainingState {
  readonly since: number;
  /** `host-shutdown`: somebody else has begun to stop guests because the host goes down. */
  readonly cause: 'command' | 'host-shutdown';
}

export interface Context extends Ground {
  /** Instances that no record knows. */
  readonly strays: Strays;
  readonly order: StartOrder;
  readonly provisioner: Provisioner;
  readonly networks: ManagedNetworks;
  readonly probes: Probes;
  readonly credentials: Credentials;
  /** Undefined when the host is not drained. */
  readonly draining: () => DrainingState | undefined;
  readonly drain: (cause: DrainingState['cause']) => void;
  /** Launches the VM's recorded instance and puts it into `lives`. */
  readonly launch: (key: string, uid: string) => void;
  /** Takes over the QEMU of the VM's recorded instance and puts it into `lives`. */
  readonly adopt: (key: string) => void;
}
