/**
 * Users of the direct launcher's guests: one number for each instance, so that no QEMU can open, signal or trace
 * another. They need no entry in passwd(5). Which numbers are taken is not written down anywhere: an instance's
 * directory belongs to the group with the number of its user for as long as there is such a directory.
 */
import { lstatSync, readdirSync } from 'node:fs';
import type { Credentials } from '../core/qemu-args/confinement.ts';
import { SpawnError } from './spawn-error.ts';

export interface UserRange {
  /** Both included. */
  readonly first: number;
  readonly last: number;
}

export interface GuestUsersOptions {
  readonly range: UserRange;
  /** The group that image files may be given to, where it exists. */
  readonly qemuGid: number | undefined;
}

/** A stranger that runs as one of these users does not come and go within this time. */
const SEEN_MS = 1000;

export class GuestUsers {
  readonly range: UserRange;
  readonly #qemuGid: number | undefined;
  /**
   * Numbers with a directory, when that was last looked up, which takes long where there are thousands. Only those that are
   * given out here come after it, and those are above `#next`.
   */
  #given: ReadonlySet<number> | undefined;
  #next: number;
  #seen: { readonly at: number; readonly users: ReadonlySet<number> } | undefined;

  constructor({ range, qemuGid }: GuestUsersOptions) {
    this.range = range;
    this.#qemuGid = qemuGid;
    this.#next = range.first;
  }

  /**
   * The next number that no instance has and nobody runs as; after the end of the range it begins anew. The last of the range
   * is `sharer`'s. It stays taken for as long as a directory in `instancesDir` belongs to its group.
   * @throws SpawnError when all are taken
   */
  free(instancesDir: string): number {
    const { first, last } = this.range;
    const id = this.#given === undefined ? undefined : this.#from(this.#next, this.#given);
    if (id !== undefined) return id;
    this.#given = new Set(owners(instancesDir, 'gid'));
    const again = this.#from(first, this.#given);
    if (again !== undefined) return again;
    throw new SpawnError(
      `all users from ${first} to ${last - 1} are taken by instances or by processes; give the setting qemuUids a wider range`,
    );
  }

  #from(start: number, given: ReadonlySet<number>): number | undefined {
    const running = this.#running();
    for (let id = start; id < this.range.last; id += 1) {
      if (given.has(id) || running.has(id)) continue;
      this.#next = id + 1;
      return id;
    }
    return undefined;
  }

  /** Who serves directories that no other user has, for all guests that share them: a user that no guest is. */
  get sharer(): Credentials {
    const { last } = this.range;
    return { uid: last, gid: last, groups: [this.#qemuGid ?? []].flat() };
  }

  /** Many guests that start at once look at the processes once. */
  #running(): ReadonlySet<number> {
    const now = performance.now();
    if (this.#seen === undefined || now - this.#seen.at > SEEN_MS)
      this.#seen = { at: now, users: new Set(owners('/proc', 'uid')) };
    return this.#seen.users;
  }

  /** Who the instance with this directory runs as; undefined when it was given nobody. */
  of(instanceDir: string): Credentials | undefined {
    const id = lstatSync(instanceDir).gid;
    if (!this.includes(id)) return undefined;
    return { uid: id, gid: id, groups: [this.#qemuGid ?? [], kvmGroup() ?? []].flat() };
  }

  includes(id: number): boolean {
    return id >= this.range.first && id <= this.range.last;
  }
}

/** Whether this process can make others run as these users: in a container they may not exist. */
export function areUsersMapped({ first, last }: UserRange, uidMap: string): boolean {
  return uidMap.split('\n').some((line) => {
    const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return first >= inside && last < inside + count;
  });
}

/** Root's own group opens more than a device. */
function kvmGroup(): number | undefined {
  const device = lstatSync('/dev/kvm', { throwIfNoEntry: false });
  return device === undefined || device.gid === 0 ? undefined : device.gid;
}

function owners(dir: string, field: 'uid' | 'gid'): readonly number[] {
  return readdirSync(dir).flatMap(
    (name) => lstatSync(`${dir}/${name}`, { throwIfNoEntry: false })?.[field] ?? [],
  );
}
