/**
 * Makes the disks of data volumes and has images pulled, each once however many VMs wait for it, in the background. What it
 * knows is lost with the daemon; what was downloaded for a disk is not, and the next daemon goes on with it.
 */
import type { VirtualMachine } from '../core/model/virtual-machine.ts';
import type { ProvisionFacts } from '../core/strategy/provision.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import type { EventNote } from './event-log.ts';
import type { Ground } from './ground.ts';
import { awaitedUploads, diskWorks, growWorks, imageWorks, type Work } from './provision-work.ts';

interface Job {
  readonly work: Work;
  readonly abort: AbortController;
  /** Keys of the VMs that wait for it. */
  readonly waiting: Set<string>;
  /** In words. */
  progress: string;
  failed?: { readonly message: string; readonly at: number; readonly retryAt: number };
  failures: number;
}

/** A server that is down for a minute and one that is down for a day are asked again in reasonable time. */
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 900_000;
/** Often enough for whoever watches. */
const PROGRESS_MS = 1000;

export class Provisioner {
  readonly #ctx: Ground;
  readonly #onChange: (key: string) => void;
  readonly #jobs = new Map<string, Job>();
  /** By the same keys: what has begun and not ended, be it broken off. */
  readonly #running = new Map<string, Promise<void>>();
  /** Ids of images that are as new as they can be for the start that a VM is about to make. */
  readonly #settled = new Map<string, Set<string>>();

  /** @param onChange look at this VM again */
  constructor(ctx: Ground, onChange: (key: string) => void) {
    this.#ctx = ctx;
    this.#onChange = onChange;
  }

  /**
   * What is missing of the VM's disks and images; undefined when all are there.
   * @param askedAt when a command asked for a start (Unix ms): what failed before is tried at once
   */
  facts(key: string, vm: VirtualMachine, askedAt = 0): ProvisionFacts | undefined {
    const missing = this.#missing(key, vm);
    const awaited = awaitedUploads(this.#ctx, vm);
    if (missing.length === 0) return awaited.length === 0 ? undefined : awaiting(vm, awaited);
    const jobs = missing.map((work) => this.#jobOf(work));
    const failed = jobs.find((job) => job?.failed !== undefined);
    if (
      failed?.failed !== undefined &&
      jobs.every((job) => job?.failed !== undefined || job === undefined)
    )
      return {
        kind: 'failed',
        what: failed.work.kind,
        failures: failed.failures,
        message: failed.failed.message,
        retryAt: askedAt > failed.failed.at ? askedAt : failed.failed.retryAt,
      };
    if (jobs.some((job) => job === undefined))
      return { kind: 'due', reason: missing.map(({ words }) => words).join(', ') };
    const progress = jobs.flatMap((job) =>
      job?.failed === undefined ? (job?.progress ?? []) : [],
    );
    return { kind: 'making', progress: progress.join(', ') };
  }

  /** Begins whatever is missing and not under way, and returns at once. */
  make(key: string, vm: VirtualMachine): void {
    for (const work of this.#missing(key, vm)) {
      const job = this.#jobOf(work);
      if (job !== undefined && job.failed === undefined) job.waiting.add(key);
      else this.#begin(key, work, job);
    }
  }

  /** The VM waits for what is under way, whoever had it begun. */
  join(key: string, vm: VirtualMachine): void {
    for (const work of this.#missing(key, vm)) this.#jobOf(work)?.waiting.add(key);
  }

  /** The VM is not going to start, or has been started: what nobody else waits for is broken off. */
  giveUp(key: string): void {
    this.#settled.delete(key);
    for (const [id, job] of this.#jobs) {
      if (!job.waiting.delete(key) || job.waiting.size > 0) continue;
      job.abort.abort();
      this.#jobs.delete(id);
    }
  }

  [Symbol.dispose](): void {
    for (const { abort } of this.#jobs.values()) abort.abort();
    this.#jobs.clear();
  }

  #jobOf({ id, recipe }: Work): Job | undefined {
    const job = this.#jobs.get(id);
    return job?.work.recipe === recipe ? job : undefined;
  }

  #missing(key: string, vm: VirtualMachine): readonly Work[] {
    const settled = this.#settled.get(key);
    const images = imageWorks(this.#ctx, vm).filter(({ id }) => settled?.has(id) !== true);
    return [...diskWorks(this.#ctx, vm), ...growWorks(this.#ctx, vm), ...images];
  }

  #begin(key: string, work: Work, failed: Job | undefined): void {
    const { id } = work;
    this.#jobs.get(id)?.abort.abort();
    const job: Job = {
      work,
      abort: new AbortController(),
      waiting: new Set([key, ...(failed?.waiting ?? [])]),
      progress: work.words,
      failures: failed?.failures ?? 0,
    };
    this.#jobs.set(id, job);
    // One that was broken off may still be putting its files away, which are the same.
    const run = (this.#running.get(id) ?? Promise.resolve()).then(() => this.#run(job));
    this.#running.set(id, run);
    void run.then(() => {
      if (this.#running.get(id) === run) this.#running.delete(id);
    });
  }

  /** Never rejects. */
  async #run(job: Job): Promise<void> {
    const { clock, log } = this.#ctx;
    const { work } = job;
    const { signal } = job.abort;
    try {
      signal.throwIfAborted();
      const told = await work.run({ signal, onProgress: this.#progressOf(job) });
      if (this.#jobs.get(work.id) === job) this.#jobs.delete(work.id);
      for (const key of job.waiting) this.#settle(key, work);
      if (told !== undefined) this.#note(job, told);
    } catch (error) {
      if (signal.aborted) return;
      job.failures += 1;
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (job.failures - 1));
      const message = `${work.failedWords}: ${reasonOf(error)}`;
      const at = clock.now();
      job.failed = { message, at, retryAt: at + wait };
      log.warn({ what: work.id, error }, 'what a VM needs could not be made or fetched');
      this.#note(job, { type: 'Warning', reason: work.failedReason, message });
    }
    this.#tell(job);
  }

  #settle(key: string, { kind, id }: Work): void {
    if (kind !== 'image') return;
    const settled = this.#settled.get(key) ?? new Set();
    this.#settled.set(key, settled.add(id));
  }

  #progressOf(job: Job): (progress: string) => void {
    const { clock } = this.#ctx;
    let told = clock.now();
    return (progress) => {
      job.progress = `${job.work.words}: ${progress}`;
      if (clock.now() - told < PROGRESS_MS) return;
      told = clock.now();
      this.#tell(job);
    };
  }

  #note({ waiting }: Job, note: Pick<EventNote, 'type' | 'reason' | 'message'>): void {
    for (const key of waiting) {
      const record = this.#ctx.records.get(key);
      if (record === undefined) continue;
      this.#ctx.events.note(record, { ...note, about: 'vm' });
    }
  }

  #tell({ waiting }: Job): void {
    for (const key of waiting) this.#onChange(key);
  }
}

/** Nobody here can hurry that. */
function awaiting({ namespace }: VirtualMachine, names: readonly string[]): ProvisionFacts {
  const where = namespace === 'default' ? '' : ` -n ${namespace}`;
  const commands = names.map(
    (name) => `\`solovirt image-upload dv ${name}${where} --image-path=FILE\``,
  );
  return { kind: 'making', progress: `waiting for a disk to be sent: ${commands.join(', ')}` };
}
