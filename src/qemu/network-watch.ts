/** Tells what happens to a managed network: leases, ends of its dnsmasq, the end of its keeper. Looks at nothing unless told. */
import { closeSync, constants, type FSWatcher, openSync, readFileSync, watch } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { parseLeases } from '../core/network/description.ts';
import { readKeeperState } from './network-keepers.ts';

export interface NetworkSight {
  /** Addresses by MAC address. */
  readonly leases: ReadonlyMap<string, string>;
  /** How often its dnsmasq has ended by itself, under this keeper, and how last. */
  readonly ends: number;
  readonly lastEnd: string;
}

export class NetworkWatch implements Disposable {
  readonly #dir: string;
  readonly #onChange: () => void;
  readonly #onGone: (wasThere: boolean) => void;
  #watcher: FSWatcher | undefined;
  #alive: Socket | undefined;

  /** @param onGone the keeper has ended, at most once; where none was there it is called soon */
  constructor(dir: string, onChange: () => void, onGone: (wasThere: boolean) => void) {
    this.#dir = dir;
    this.#onChange = onChange;
    this.#onGone = onGone;
    try {
      this.#watcher = watch(dir, { persistent: false }, (_, file) => {
        if (file === 'leases' || file === 'state') this.#onChange();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // Without a watch, what is told is as old as the last look.
    }
    this.#holdOn();
  }

  /** What there is to see now. */
  look(): NetworkSight {
    const state = readKeeperState(this.#dir);
    return {
      leases: parseLeases(textOf(join(this.#dir, 'leases'))),
      ends: state?.ends ?? 0,
      lastEnd: state?.lastEnd ?? '',
    };
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#alive?.removeAllListeners('close').destroy();
    this.#alive = undefined;
  }

  /** The FIFO ends when the process that holds its other end does, however that came about. */
  #holdOn(): void {
    const gone = (wasThere: boolean): void => {
      this[Symbol.dispose]();
      this.#onGone(wasThere);
    };
    let fd: number | undefined;
    try {
      fd = openSync(join(this.#dir, 'alive'), constants.O_RDONLY | constants.O_NONBLOCK);
      this.#alive = new Socket({ fd, readable: true, writable: false });
    } catch {
      if (fd !== undefined) closeSync(fd);
      setImmediate(gone, false).unref();
      return;
    }
    this.#alive.on('error', () => {}).on('close', () => gone(true));
    this.#alive.resume();
    this.#alive.unref();
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
