/** What is to be seen of each managed network while its keeper lives: which leases there are, and whether dnsmasq has ended. */
import { type NetworkSight, NetworkWatch } from '../qemu/network-watch.ts';

export interface SightListeners {
  /** Another address was given, or one was given up. */
  readonly onLeases: (id: string) => void;
  /** dnsmasq has ended; its keeper starts it again. */
  readonly onEnd: (id: string, how: string) => void;
  /** The keeper has ended; nothing is seen of the network any more. */
  readonly onGone: (id: string, wasThere: boolean) => void;
}

interface Seen {
  readonly watch: NetworkWatch;
  readonly sight: NetworkSight;
}

export class NetworkSights implements Disposable {
  readonly #listeners: SightListeners;
  readonly #seen = new Map<string, Seen>();

  constructor(listeners: SightListeners) {
    this.#listeners = listeners;
  }

  has(id: string): boolean {
    return this.#seen.has(id);
  }

  /** @param dir of the keeper */
  follow(id: string, dir: string): void {
    if (this.#seen.has(id)) return;
    const watch = new NetworkWatch(
      dir,
      () => this.#look(id, watch),
      (wasThere) => this.#gone(id, watch, wasThere),
    );
    this.#seen.set(id, { watch, sight: watch.look() });
    this.#listeners.onLeases(id);
  }

  /** The address that DHCP has given to this NIC. */
  leased(id: string, mac: string): string | undefined {
    return this.#seen.get(id)?.sight.leases.get(mac);
  }

  drop(id: string): void {
    this.#seen.get(id)?.watch[Symbol.dispose]();
    this.#seen.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#seen.keys()]) this.drop(id);
  }

  #look(id: string, watch: NetworkWatch): void {
    const before = this.#seen.get(id);
    if (before?.watch !== watch) return;
    const sight = watch.look();
    this.#seen.set(id, { watch, sight });
    if (sight.ends > before.sight.ends) this.#listeners.onEnd(id, sight.lastEnd);
    if (!isSame(sight.leases, before.sight.leases)) this.#listeners.onLeases(id);
  }

  #gone(id: string, watch: NetworkWatch, wasThere: boolean): void {
    if (this.#seen.get(id)?.watch !== watch) return;
    this.drop(id);
    this.#listeners.onGone(id, wasThere);
  }
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
