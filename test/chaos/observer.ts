/**
 * Watches without a pause, through /proc, the files and the API, for what must never be: two QEMUs for one VM, two
 * that write one image, a verdict that is wrong, changes or comes twice, a file that somebody else changed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, ask, items, type Vm, vmsPath } from './api.ts';
import type { VmPage } from './book.ts';
import { manifest, STRATEGIES } from './fleet.ts';
import { Histories } from './histories.ts';
import { processesOf, type Qemu, qemusAmong, textOf, writtenFiles } from './proc.ts';
import type { Stage } from './stage.ts';
import { Violation } from './story.ts';

const EVERY_MS = 200;

export class Observer {
  readonly #stage: Stage;
  readonly histories: Histories;
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;
  checks = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.histories = new Histories(stage);
  }

  /** Resolves after `stop`. @throws Violation */
  async watch(): Promise<void> {
    while (!this.#stopped) {
      await this.look();
      await sleep(EVERY_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One look at everything. Undefined while there is no daemon to ask. @throws Violation */
  async look(): Promise<readonly Vm[] | undefined> {
    // One after the other: an answer that is overtaken would tell of the past.
    const mine = this.#last.then(() => this.#look());
    this.#last = mine.catch(() => {});
    return await mine;
  }

  async #look(): Promise<readonly Vm[] | undefined> {
    await this.histories.checkForgotten();
    const { place } = this.#stage;
    this.#lookAtProcesses(qemusAmong(processesOf(place.dir)));
    for (const page of this.#stage.book.pages.values()) this.#lookAtFile(page);
    const askedAt = Date.now();
    const answer = await ask(place.socket, 'GET', vmsPath);
    this.checks += 1;
    if (answer === undefined) return undefined;
    const vms = this.#read(answer);
    this.histories.take(vms, askedAt);
    return vms;
  }

  #read(answer: Answer): readonly Vm[] {
    if (answer.code === 200) return items<Vm>(answer);
    throw new Violation(
      'every answer is one that the API documents',
      `the list of VMs was answered with ${answer.code}: ${answer.text}`,
    );
  }

  #lookAtProcesses(qemus: readonly Qemu[]): void {
    const byVm = new Map<string, Qemu>();
    const byFile = new Map<string, Qemu>();
    for (const qemu of qemus) {
      const twin = byVm.get(qemu.vm);
      if (twin !== undefined)
        throw new Violation(
          'never two QEMUs for one VM',
          `pids ${twin.pid} (${twin.uid}) and ${qemu.pid} (${qemu.uid})`,
          qemu.vm,
        );
      byVm.set(qemu.vm, qemu);
      for (const file of writtenFiles(qemu.pid)) {
        const other = byFile.get(file);
        if (other !== undefined && other.pid !== qemu.pid)
          throw new Violation(
            'never two QEMUs on one file',
            `pids ${other.pid} and ${qemu.pid} write ${file}`,
            qemu.vm,
          );
        if (file.startsWith(this.#stage.place.images))
          throw new Violation('images are only read', `pid ${qemu.pid} writes ${file}`, qemu.vm);
        if (!file.startsWith('/dev/')) byFile.set(file, qemu);
      }
    }
  }

  /** Everything but the strategy's bytes is as it was written. */
  #lookAtFile({ member, file }: VmPage): void {
    const path = this.#stage.place.file(member.name);
    const found = textOf(path);
    if (file.broken) return;
    const { text } = file;
    if (text === undefined) {
      if (found === undefined) return;
      throw new Violation('removed files stay removed', `${path} is back:\n${found}`, member.name);
    }
    const disk = this.#stage.place.hostDisk(member.name);
    const allowed = [text.strategy, ...file.rewritten];
    const read = STRATEGIES.find((strategy) => {
      // What the form cannot say.
      if (member.form === 'running' && strategy !== 'Always' && strategy !== 'Halted') return false;
      return manifest(member, { ...text, strategy }, disk) === found;
    });
    if (read !== undefined && allowed.includes(read)) return;
    throw new Violation(
      'manifests change only by commands, and only in the bytes of the strategy',
      `expected ${allowed.join(' or ')}, found:\n${found ?? '(no file)'}`,
      member.name,
    );
  }
}
