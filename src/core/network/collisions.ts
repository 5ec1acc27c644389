/** Managed networks that cannot be on one host at the same time. Pure. */
import type { FieldSteps } from '../manifest/locate.ts';
import type { NetworkObject } from '../model/file-object.ts';
import { type HostNetwork, networkKey } from '../model/host-network.ts';
import type { Finding } from '../preflight.ts';
import { type Described, isManaged } from './description.ts';
import { overlap } from './ipv4.ts';

export interface Collision {
  /** What both of them want. */
  readonly about: 'bridge' | 'subnet';
  readonly words: string;
}

/** Why a network cannot be beside the others of this host; undefined when it can. */
export function collision(network: Described, others: readonly Described[]): Collision | undefined {
  for (const other of others) {
    const name = networkKey(other);
    if (other.bridge === network.bridge)
      return {
        about: 'bridge',
        words: `its bridge ${network.bridge} is that of the network ${name}`,
      };
    const { subnet, prefix } = other.managed;
    if (overlap(network.managed, other.managed))
      return {
        about: 'subnet',
        words: `its subnet ${network.managed.subnet}/${network.managed.prefix} overlaps ${subnet}/${prefix} of the network ${name}`,
      };
  }
  return undefined;
}

/**
 * What is to be said of a network of a file before it is made.
 * @param others networks of files; what is no managed network, or this one, is passed over
 */
export function collisionFindings(
  { network, config }: NetworkObject,
  others: readonly HostNetwork[],
): readonly Finding[] {
  if (!isManaged(network)) return [];
  const rivals = others.filter((other) => networkKey(other) !== networkKey(network));
  const found = collision(network, rivals.filter(isManaged));
  if (found === undefined) return [];
  const message = `${found.words}: while guests are in one of the two, none can be started in the other`;
  const field = configField(config, found.about);
  return [{ code: 'network-collides', severity: 'warning', field, message }];
}

/** Where CNI's JSON says it: in the first plugin of a list, and in the first of its ranges, as far as there are such. */
function configField(config: string, about: Collision['about']): FieldSteps {
  const { plugins, ipam } = JSON.parse(config);
  const plugin = plugins === undefined ? [] : ['plugins', 0];
  const { ranges } = (plugins === undefined ? ipam : plugins[0].ipam) ?? {};
  const range = ranges === undefined ? [] : ['ranges', 0, 0];
  const within = about === 'bridge' ? ['bridge'] : ['ipam', ...range, 'subnet'];
  return ['spec', 'config', ...plugin, ...within];
}
