/**
 * The memory of a guest that has panicked, as QEMU writes it into a file (`dump-guest-memory`) while the guest stands still.
 * QEMU itself knows whether it is at it: another daemon asks it to begin, and learns that.
 */
import { statfs } from 'node:fs/promises';
import type { QmpEvent } from '../core/model/evidence.ts';
import { asObject } from '../core/model/json.ts';
import type { DumpView } from '../core/strategy/situation.ts';
import { errorMessage } from '../core/thrown.ts';
import type { Clock } from '../ports.ts';
import type { Execute, SharedFile } from './screenshot.ts';

/** What a dump leaves free on its file system, for the state database lies there too. */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** QEMU goes through the memory once before it answers. */
const COMMAND_MS = 60_000;

export class MemoryDump {
  readonly #clock: Clock;
  #state: DumpView | undefined;
  #why: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined while none was begun that this daemon knows of. */
  get state(): DumpView | undefined {
    return this.#state;
  }

  /** Why there is none. */
  get why(): string | undefined {
    return this.#why;
  }

  take({ event, data }: QmpEvent): void {
    if (event !== 'DUMP_COMPLETED') return;
    if (isCompleted(data)) this.#state = { kind: 'over' };
    else this.#fail(typeof data['error'] === 'string' ? data['error'] : 'QEMU gives no reason');
  }

  /** Never rejects; how it went shows in `state`. */
  async begin(execute: Execute, file: SharedFile, memoryBytes: number): Promise<void> {
    this.#state = { kind: 'active', since: this.#clock.now() };
    try {
      await checkRoom(file.here, memoryBytes);
      await execute('dump-guest-memory', argumentsFor(file.inQemu), COMMAND_MS);
    } catch (error) {
      const words = errorMessage(error);
      // An earlier daemon had begun it.
      if (!/dump in process/i.test(words)) this.#fail(words);
    }
  }

  #fail(why: string): void {
    this.#state = { kind: 'over' };
    this.#why = why;
  }
}

/** QAPI `DumpStatus`. */
export function isCompleted(data: QmpEvent['data']): boolean {
  return asObject(data['result'])['status'] === 'completed';
}

/** Compressed pages without those that are empty: what crash(8) reads. */
function argumentsFor(path: string) {
  return { paging: false, protocol: `file:${path}`, detach: true, format: 'kdump-zlib' } as const;
}

/** @throws Error when the whole memory would not fit */
async function checkRoom(file: string, memoryBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(file);
  if (bavail * bsize >= memoryBytes + RESERVE_BYTES) return;
  throw new Error(
    'there is too little room for the memory of the guest on the file system of the state directory',
  );
}
