/**
 * The managed networks that are there, or were: on record before they are so, each with its keeper, and looked at while that
 * lives. What is to become of one is said by others, who take turns.
 */
import { randomUUID } from 'node:crypto';
import { networkKey } from '../core/model/host-network.ts';
import { describeNetwork } from '../core/network/description.ts';
import type { KeptNetwork } from '../core/network/fate.ts';
import type { Member } from '../core/network/members.ts';
import { readNetworks, writeNetworks } from '../host/network-store.ts';
import type { NetworkKeepers } from '../qemu/network-keepers.ts';
import type { Ground } from './ground.ts';
import { NetworkSights, type SightListeners } from './network-sights.ts';

export class KeptNetworks implements Disposable {
  readonly #ctx: Pick<Ground, 'log' | 'settings'>;
  readonly #keepers: NetworkKeepers;
  readonly #kept = new Map<string, KeptNetwork>();
  /** What each keeper was told last by this daemon, without the token. */
  readonly #told = new Map<string, string>();
  readonly #sights: NetworkSights;

  constructor(ctx: Pick<Ground, 'log' | 'settings'>, listeners: SightListeners) {
    const { launcher, runtimeDir } = ctx.settings;
    this.#ctx = ctx;
    this.#keepers = launcher.networkKeepers(runtimeDir);
    this.#sights = new NetworkSights({
      ...listeners,
      onGone: (id, wasThere) => {
        this.#told.delete(id);
        listeners.onGone(id, wasThere);
      },
    });
  }

  /** Takes over what an earlier daemon has made. */
  adopt(): void {
    for (const kept of readNetworks(this.#ctx.settings.stateDir)) {
      const id = networkKey(kept.network);
      this.#kept.set(id, kept);
      if (kept.isUp) this.#follow(id);
    }
  }

  all(): readonly (readonly [id: string, KeptNetwork])[] {
    return [...this.#kept];
  }

  find(id: string): KeptNetwork | undefined {
    return this.#kept.get(id);
  }

  /** One that is known to be on record. */
  get(id: string): KeptNetwork {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new Error(`nothing is known of the network ${id}`);
    return kept;
  }

  /** Whether its keeper lives. */
  isSeen(id: string): boolean {
    return this.#sights.has(id);
  }

  /** The address that DHCP has given to this NIC. */
  leased(id: string, mac: string): string | undefined {
    return this.#sights.leased(id, mac);
  }

  async store(id: string, kept: KeptNetwork): Promise<void> {
    this.#kept.set(id, kept);
    await this.#write();
  }

  async drop(id: string): Promise<void> {
    this.#kept.delete(id);
    this.#told.delete(id);
    await this.#write();
  }

  /** Has the keeper know who is in the network, if it does not yet. @throws NetworkError */
  async apply(id: string, present: readonly Member[]): Promise<void> {
    const { network } = this.get(id);
    const text = describeNetwork(network, present, '');
    if (text === this.#told.get(id) && this.isSeen(id)) return;
    const token = randomUUID();
    const description = describeNetwork(network, present, token);
    await this.#keepers.apply({ bridge: network.bridge, description, token });
    this.#told.set(id, text);
    this.#follow(id);
    this.#ctx.log.info({ network: id, guests: present.length }, 'the network is as it should be');
  }

  /** The next `apply` tells the keeper again, whatever it was told before. */
  tellAgain(id: string): void {
    this.#told.delete(id);
  }

  /** @throws NetworkError */
  async takeDown(id: string): Promise<void> {
    this.#sights.drop(id);
    this.#told.delete(id);
    await this.#keepers.remove(this.get(id).network.bridge);
    await this.store(id, { ...this.get(id), isUp: false });
    this.#ctx.log.info({ network: id }, 'the network was taken down');
  }

  /** Lets go of them; they stay. */
  [Symbol.dispose](): void {
    this.#sights[Symbol.dispose]();
  }

  #follow(id: string): void {
    this.#sights.follow(id, this.#keepers.dir(this.get(id).network.bridge));
  }

  async #write(): Promise<void> {
    await writeNetworks(this.#ctx.settings.stateDir, [...this.#kept.values()]);
  }
}
