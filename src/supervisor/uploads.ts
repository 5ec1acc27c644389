/**
 * Disks that somebody sends: received into a hidden file beside the claim's place, looked at, converted, and given their
 * name when they are whole. One upload of a claim at a time.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import { checkDnsLabel, checkDnsSubdomain } from '../core/manifest/names.ts';
import type { DataVolume } from '../core/model/storage.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { takeUpload } from '../qemu/data-volume.ts';
import { PrepareError } from '../qemu/prepare-error.ts';
import type { Ground } from './ground.ts';
import { conflict, Refusal } from './refusal.ts';
import { standing } from './standing.ts';

export interface Upload {
  readonly content: AsyncIterable<Uint8Array>;
  /** What the guest is to see, in bytes; undefined: what the data volume says, else as much as comes. */
  readonly sizeBytes: number | undefined;
}

export class Uploads {
  readonly #ctx: Ground;
  readonly #ending = new AbortController();
  /** Of claims, `namespace/name`. */
  readonly #active = new Set<string>();

  constructor(ctx: Ground) {
    this.#ctx = ctx;
  }

  /** Whether an upload would be taken; changes nothing. @throws Refusal */
  check({ namespace, name }: VmIdentity): void {
    const wrong = checkDnsLabel(namespace) ?? checkDnsSubdomain(name);
    if (wrong !== undefined) throw new Refusal(wrong, { kind: 'bad-request' });
    const { imagesDir } = this.#ctx.settings;
    const there = claimFiles({ namespace }, name)
      .map(({ path }) => join(imagesDir, path))
      .find((path) => existsSync(path));
    if (there !== undefined)
      throw conflict(`the claim ${name} has a disk already: ${there}; move that away first`);
    if (this.#active.has(`${namespace}/${name}`))
      throw conflict(`a disk for the claim ${name} is being sent already`);
    const made = this.#declared(namespace, name)?.contents.kind ?? 'upload';
    if (made !== 'upload')
      throw conflict(
        `the data volume ${name} is made by itself, from source: ${made === 'claim' ? 'pvc' : made}; nothing is to be sent`,
      );
  }

  /** @returns the path of the disk @throws Refusal */
  async take(id: VmIdentity, { content, sizeBytes }: Upload): Promise<string> {
    this.check(id);
    const { namespace, name } = id;
    const key = `${namespace}/${name}`;
    const { imagesDir, diskRoots } = this.#ctx.settings;
    this.#active.add(key);
    try {
      const wanted = sizeBytes ?? this.#declared(namespace, name)?.sizeBytes;
      const path = await takeUpload({ namespace }, name, content, {
        ...{ imagesDir, diskRoots, sizeBytes: wanted },
        ...{ signal: this.#ending.signal, onProgress: () => {} },
      });
      this.#tell(namespace, name);
      return path;
    } catch (cause) {
      if (!(cause instanceof PrepareError)) throw cause;
      throw new Refusal(cause.message, { kind: 'bad-request', cause });
    } finally {
      this.#active.delete(key);
    }
  }

  [Symbol.dispose](): void {
    this.#ending.abort(new Refusal('the daemon ends', { kind: 'unavailable' }));
  }

  /** As some VM of the namespace has it. */
  #declared(namespace: string, name: string): DataVolume | undefined {
    for (const key of this.#ctx.records.keys()) {
      const { vm } = standing(this.#ctx, key);
      if (vm?.namespace !== namespace) continue;
      const found = vm.dataVolumes?.find((volume) => volume.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** VMs may have waited for it. */
  #tell(namespace: string, name: string): void {
    const { records, events, queue } = this.#ctx;
    for (const key of records.keys()) {
      const record = records.get(key);
      if (record?.namespace !== namespace) continue;
      const { vm } = standing(this.#ctx, key);
      const message = `made the disk ${name} of what was sent`;
      if (vm?.dataVolumes?.some((volume) => volume.name === name) === true)
        events.note(record, {
          ...{ type: 'Normal', reason: 'SuccessfulDataVolumeCreate', message, about: 'vm' },
        });
      queue.add(key);
    }
  }
}
