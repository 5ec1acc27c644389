/** Writes, breaks and removes VM files as people do, and keeps the book about it. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Done, VmPage } from './book.ts';
import { NOTHING_DONE } from './effects.ts';
import { manifest, type Strategy, type Text } from './fleet.ts';
import type { Place } from './place.ts';

export class FileWriter {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  write(page: VmPage, strategy: Strategy, newTemplate: boolean): void {
    const { file, member } = page;
    const revision = file.revision + (newTemplate ? 1 : 0);
    const text: Text = { strategy, revision };
    const content = manifest(member, text, this.#place.hostDisk(member.name));
    const from = Date.now();
    if (!this.#put(member.name, content)) return;
    missed(page);
    page.facts.push({
      kind: 'write',
      strategy,
      missable: false,
      from,
      to: Number.POSITIVE_INFINITY,
    });
    if (strategy === 'Halted') page.done.push(byFile(from));
    Object.assign(file, { text, revision, broken: false });
    // A command under way may yet write into what it takes for the same text.
    if (!page.facts.some((fact) => fact.kind === 'command' && fact.to > from))
      file.rewritten.clear();
  }

  break(page: VmPage): void {
    const { file, member } = page;
    if (file.text === undefined) return;
    if (!this.#put(member.name, BROKEN)) return;
    missed(page);
    file.broken = true;
  }

  remove(page: VmPage): void {
    const { file, member } = page;
    if (file.text === undefined) return;
    const from = Date.now();
    rmSync(this.#place.file(member.name));
    missed(page);
    page.facts.push({ kind: 'removal', missable: false, from, to: Number.POSITIVE_INFINITY });
    page.done.push(byFile(from));
    Object.assign(file, { text: undefined, broken: false });
  }

  /** In place, as an editor may do; on a full disk beside it, for half a file is not what is meant. */
  #put(vm: string, content: string): boolean {
    const path = this.#place.file(vm);
    if (!this.#place.isFull) {
      writeFileSync(path, content);
      return true;
    }
    const aside = join(this.#place.disk, 'aside', vm);
    try {
      mkdirSync(join(this.#place.disk, 'aside'), { recursive: true });
      writeFileSync(aside, content);
      renameSync(aside, path);
      return true;
    } catch {
      rmSync(aside, { force: true });
      return false;
    }
  }
}

const BROKEN = 'apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec: [not, this\n';

function byFile(from: number): Done {
  const ends = ['StoppedByFile', 'ForcedOff', 'GracePeriodExpired'];
  return { ...NOTHING_DONE, from, to: Number.POSITIVE_INFINITY, ends };
}

/** What stood in the file before may never have been read. */
function missed(page: VmPage): void {
  for (const fact of page.facts)
    if ((fact.kind === 'write' || fact.kind === 'removal') && fact.to > Date.now())
      fact.missable = true;
}
