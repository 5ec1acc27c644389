/** What is known of a VM at this moment, without bringing anything into force: for those who only look. */
import type { CatalogueEntry } from '../core/catalogue/catalogue.ts';
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import type { InstanceView } from '../core/strategy/situation.ts';
import type { Ground } from './ground.ts';

export interface Standing {
  readonly entry: CatalogueEntry | undefined;
  /** In force; undefined when it was removed, or nothing valid is known of it. */
  readonly vm: VirtualMachine | undefined;
  /** It is on record, and its document is gone. */
  readonly removed: boolean;
}

export function standing(
  { files, records, listed }: Pick<Ground, 'files' | 'records' | 'listed'>,
  key: string,
): Standing {
  const entry = files.catalogue.get(key);
  const removed = entry === undefined && records.get(key) !== undefined && listed();
  return { entry, vm: entry?.vm ?? (removed ? undefined : records.lastGood(key)), removed };
}

/** What this daemon sees of the VM's recorded instance. */
export function sightOf({ lives }: Pick<Ground, 'lives'>, key: string): InstanceView {
  return lives.get(key)?.sight() ?? { kind: 'unlaunched' };
}
