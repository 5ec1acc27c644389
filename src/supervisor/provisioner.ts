/**
 * Makes the disks of data volumes, each once however many VMs wait for it, in the background. What it knows is lost with
 * the daemon; what was downloaded is not, and the next daemon goes on with it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { claimFiles } from '../core/claims.ts';
import type { DataVolume, VirtualMachine } from '../core/model/virtual-machine.ts';
import type { ProvisionFacts } from '../core/strategy/provision.ts';
import type { Clock, Logger } from '../ports.ts';
import { makeDataVolume } from '../qemu/data-volume.ts';
import { reasonOf } from '../qemu/prepare-error.ts';

export interface ProvisionerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly imagesDir: string;
  readonly diskRoots: readonly string[];
  /** Look at the VM again. */
  readonly onChange: (key: string) => void;
}

interface Job {
  readonly abort: AbortController;
  /** What it makes; one that has been edited since is another. */
  readonly recipe: string;
  /** Keys of the VMs that wait for it. */
  readonly waiting: Set<string>;
  /** In words. */
  progress: string;
  failed?: { readonly message: string; readonly retryAt: number };
  failures: number;
}

/** A server that is down for a minute and one that is down for a day are asked again in reasonable time. */
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 900_000;
/** Often enough for whoever watches. */
const PROGRESS_MS = 1000;

export class Provisioner {
  readonly #deps: ProvisionerDeps;
  readonly #jobs = new Map<string, Job>();

  constructor(deps: ProvisionerDeps) {
    this.#deps = deps;
  }

  /** What is missing of the VM's data volumes; undefined when all have their disks. */
  facts(vm: VirtualMachine): ProvisionFacts | undefined {
    const missing = this.#missing(vm);
    if (missing.length === 0) return undefined;
    const jobs = missing.map((volume) => this.#jobOf(vm, volume));
    const failed = jobs.flatMap((job) => job?.failed ?? []);
    const [failure] = failed;
    if (
      failure !== undefined &&
      jobs.every((job) => job?.failed !== undefined || job === undefined)
    )
      return { kind: 'failed', ...failure };
    if (jobs.some((job) => job === undefined))
      return { kind: 'due', names: missing.map(({ name }) => name) };
    const progress = jobs.flatMap((job) =>
      job?.failed === undefined ? (job?.progress ?? []) : [],
    );
    return { kind: 'making', progress: progress.join(', ') };
  }

  /** Begins to make whatever is missing, and returns at once. */
  make(key: string, vm: VirtualMachine): void {
    for (const volume of this.#missing(vm)) {
      const id = jobKey(vm, volume.name);
      const job = this.#jobOf(vm, volume);
      if (job !== undefined && job.failed === undefined) {
        job.waiting.add(key);
        continue;
      }
      this.#jobs.get(id)?.abort.abort();
      void this.#run(id, key, vm, volume, job?.failures ?? 0);
    }
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
    const { imagesDir } = this.#deps;
    return (vm.dataVolumes ?? []).filter(
      ({ name }) => !claimFiles(vm, name).some(({ path }) => existsSync(join(imagesDir, path))),
    );
  }

  async #run(
    id: string,
    key: string,
    vm: VirtualMachine,
    volume: DataVolume,
    failures: number,
  ): Promise<void> {
    const { clock, log, imagesDir, diskRoots } = this.#deps;
    const words = `making the disk ${volume.name}`;
    const job: Job = {
      abort: new AbortController(),
      recipe: recipeOf(volume),
      waiting: new Set([key]),
      progress: words,
      failures,
    };
    this.#jobs.set(id, job);
    let told = clock.now();
    try {
      await makeDataVolume(vm, volume, {
        imagesDir,
        diskRoots,
        signal: job.abort.signal,
        onProgress: (progress) => {
          job.progress = `${words}: ${progress}`;
          if (clock.now() - told < PROGRESS_MS) return;
          told = clock.now();
          this.#tell(job);
        },
      });
      this.#jobs.delete(id);
      log.info({ vm: key, claim: volume.name }, 'a disk was made');
    } catch (error) {
      if (job.abort.signal.aborted) return;
      job.failures += 1;
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (job.failures - 1));
      const message = `the disk ${volume.name} could not be made: ${reasonOf(error)}`;
      job.failed = { message, retryAt: clock.now() + wait };
      log.warn({ vm: key, claim: volume.name, error }, 'a disk could not be made');
    }
    this.#tell(job);
  }

  #tell({ waiting }: Job): void {
    for (const key of waiting) this.#deps.onChange(key);
  }
}

function recipeOf(volume: DataVolume): string {
  return JSON.stringify(volume);
}

function jobKey({ namespace }: VirtualMachine, name: string): string {
  return `${namespace}/${name}`;
}
