/**
 * Makes the disks of data volumes, each once however many VMs wait for it, in the background. What it knows is lost with
 * the daemon; what was downloaded is not, and the next daemon goes on with it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import type { DataVolume, VirtualMachine } from '../core/model/virtual-machine.ts';
import type { ProvisionFacts } from '../core/strategy/provision.ts';
import { type MakeOptions, makeDataVolume } from '../qemu/data-volume.ts';
import { reasonOf } from '../qemu/prepare-error.ts';
import type { Ground } from './ground.ts';

interface Job {
  readonly abort: AbortController;
  /** What it makes; one that has been edited since is another. */
  readonly recipe: string;
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

  /** @param onChange look at this VM again */
  constructor(ctx: Ground, onChange: (key: string) => void) {
    this.#ctx = ctx;
    this.#onChange = onChange;
  }

  /**
   * What is missing of the VM's data volumes; undefined when all have their disks.
   * @param askedAt when a command asked for a start (Unix ms): what failed before is tried at once
   */
  facts(vm: VirtualMachine, askedAt = 0): ProvisionFacts | undefined {
    const missing = this.#missing(vm);
    if (missing.length === 0) return undefined;
    const jobs = missing.map((volume) => this.#jobOf(vm, volume));
    const failed = jobs.flatMap((job) => job?.failed ?? []);
    const [failure] = failed;
    if (
      failure !== undefined &&
      jobs.every((job) => job?.failed !== undefined || job === undefined)
    )
      return {
        kind: 'failed',
        message: failure.message,
        retryAt: askedAt > failure.at ? askedAt : failure.retryAt,
      };
    if (jobs.some((job) => job === undefined))
      return { kind: 'due', names: missing.map(({ name }) => name) };
    const progress = jobs.flatMap((job) =>
      job?.failed === undefined ? (job?.progress ?? []) : [],
    );
    return { kind: 'making', progress: progress.join(', ') };
  }

  /** Begins to make whatever is missing and not in the making, and returns at once. */
  make(key: string, vm: VirtualMachine): void {
    for (const volume of this.#missing(vm)) {
      const job = this.#jobOf(vm, volume);
      if (job !== undefined && job.failed === undefined) job.waiting.add(key);
      else this.#begin(key, vm, volume, job);
    }
  }

  /** The VM waits for what is in the making, whoever had it begun. */
  join(key: string, vm: VirtualMachine): void {
    for (const volume of vm.dataVolumes ?? []) this.#jobOf(vm, volume)?.waiting.add(key);
  }

  /** The VM is not going to start: what nobody else waits for is broken off. */
  giveUp(key: string): void {
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

  #jobOf(vm: VirtualMachine, volume: DataVolume): Job | undefined {
    const job = this.#jobs.get(jobKey(vm, volume.name));
    return job?.recipe === recipeOf(volume) ? job : undefined;
  }

  #missing(vm: VirtualMachine): readonly DataVolume[] {
    const { imagesDir } = this.#ctx.settings;
    return (vm.dataVolumes ?? []).filter(
      ({ name }) => !claimFiles(vm, name).some(({ path }) => existsSync(join(imagesDir, path))),
    );
  }

  #begin(key: string, vm: VirtualMachine, volume: DataVolume, failed: Job | undefined): void {
    const id = jobKey(vm, volume.name);
    this.#jobs.get(id)?.abort.abort();
    const job: Job = {
      abort: new AbortController(),
      recipe: recipeOf(volume),
      waiting: new Set([key, ...(failed?.waiting ?? [])]),
      progress: wordsOf(volume),
      failures: failed?.failures ?? 0,
    };
    this.#jobs.set(id, job);
    // One that was broken off may still be putting its files away, which are the same.
    const run = (this.#running.get(id) ?? Promise.resolve()).then(() => this.#run(job, vm, volume));
    this.#running.set(id, run);
    void run.then(() => {
      if (this.#running.get(id) === run) this.#running.delete(id);
    });
  }

  /** Never rejects. */
  async #run(job: Job, vm: VirtualMachine, volume: DataVolume): Promise<void> {
    const { clock, log } = this.#ctx;
    const id = jobKey(vm, volume.name);
    try {
      await makeDataVolume(vm, volume, this.#options(job, volume));
      if (this.#jobs.get(id) === job) this.#jobs.delete(id);
      this.#note(job, 'Normal', `made the disk ${volume.name}`);
    } catch (error) {
      if (job.abort.signal.aborted) return;
      job.failures += 1;
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (job.failures - 1));
      const message = `the disk ${volume.name} could not be made: ${reasonOf(error)}`;
      const at = clock.now();
      job.failed = { message, at, retryAt: at + wait };
      log.warn({ claim: id, error }, 'a disk could not be made');
      this.#note(job, 'Warning', message);
    }
    this.#tell(job);
  }

  #options(job: Job, volume: DataVolume): MakeOptions {
    const { clock } = this.#ctx;
    const { imagesDir, diskRoots } = this.#ctx.settings;
    let told = clock.now();
    const onProgress = (progress: string): void => {
      job.progress = `${wordsOf(volume)}: ${progress}`;
      if (clock.now() - told < PROGRESS_MS) return;
      told = clock.now();
      this.#tell(job);
    };
    return { imagesDir, diskRoots, signal: job.abort.signal, onProgress };
  }

  /** The reasons are KubeVirt's (`pkg/virt-controller/watch/vm`). */
  #note({ waiting }: Job, type: 'Normal' | 'Warning', message: string): void {
    const reason = type === 'Normal' ? 'SuccessfulDataVolumeCreate' : 'FailedDataVolumeImport';
    for (const key of waiting) {
      const record = this.#ctx.records.get(key);
      if (record === undefined) continue;
      this.#ctx.events.note(record, { type, reason, message, about: 'vm' });
    }
  }

  #tell({ waiting }: Job): void {
    for (const key of waiting) this.#onChange(key);
  }
}

function wordsOf({ name }: DataVolume): string {
  return `making the disk ${name}`;
}

function recipeOf(volume: DataVolume): string {
  return JSON.stringify(volume);
}

function jobKey({ namespace }: VirtualMachine, name: string): string {
  return `${namespace}/${name}`;
}
