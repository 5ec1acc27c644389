/**
 * What VMs were rendered as last, kept while somebody reads: GET, lists and watches of one state of a VM share one object and
 * its bytes. A change lets go of it, and so does a while in which nobody reads, so a daemon at rest holds none.
 */
import type { VmSnapshot } from '../supervisor/snapshot.ts';
import { writtenOnce } from './json-bytes.ts';
import type { Store } from './source.ts';

/** What is current, and told when it is no longer. */
export interface CurrentVms extends Store<VmSnapshot> {
  get(key: string): VmSnapshot | undefined;
  listen(listener: (change: { readonly key: string }) => void): () => void;
}

interface Kept<T> {
  readonly snapshot: VmSnapshot;
  readonly object: T | undefined;
}

/** Nobody has read for so long, or twice as long. V8 collects what is left of a burst a little later (`saveMemory`). */
const KEPT_MS = 4000;

export class Renderings<T extends object> {
  readonly #vms: CurrentVms;
  readonly #render: (snapshot: VmSnapshot) => T | undefined;
  readonly #kept = new Map<string, Kept<T>>();
  /** Runs while something is kept. */
  #timer: NodeJS.Timeout | undefined;
  /** Since the timer was set. */
  #read = false;
  #stopListening: () => void = () => {};

  /** @param render undefined when the snapshot makes no object of this kind */
  constructor(vms: CurrentVms, render: (snapshot: VmSnapshot) => T | undefined) {
    this.#vms = vms;
    this.#render = render;
  }

  readonly of = (snapshot: VmSnapshot): T | undefined => {
    const { key } = snapshot;
    this.#read = true;
    const kept = this.#kept.get(key);
    if (kept?.snapshot === snapshot) return kept.object;
    const object = this.#render(snapshot);
    if (this.#vms.get(key) !== snapshot) return object;
    if (object !== undefined) writtenOnce(object);
    this.#kept.set(key, { snapshot, object });
    if (this.#timer === undefined) this.#begin();
    return object;
  };

  #begin(): void {
    this.#timer = setTimeout(() => this.#look(), KEPT_MS).unref();
    this.#stopListening = this.#vms.listen(({ key }) => this.#kept.delete(key));
  }

  #look(): void {
    if (this.#read) {
      this.#read = false;
      this.#timer?.refresh();
      return;
    }
    this.#stopListening();
    this.#kept.clear();
    this.#timer = undefined;
  }
}
