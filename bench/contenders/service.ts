/** solovirt as the packaged service: an unprivileged daemon under systemd, each VM in a unit, on a machine of its own. */
import { setMaxListeners } from 'node:events';
import { SolovirtClient } from '../../src/client/index.ts';
import { Fleet, SOCKET } from '../../test/system/fleet.ts';
import { type Machine, whyNoMachine } from '../../test/system/machine.ts';

const NAME = 'bench';
const DEADLINE_MS = 60_000;

export class Service implements AsyncDisposable {
  readonly #fleet: Fleet;
  readonly #client: SolovirtClient;

  private constructor(fleet: Fleet, client: SolovirtClient) {
    this.#fleet = fleet;
    this.#client = client;
  }

  static async start(guest: string): Promise<Service> {
    const fleet = await Fleet.booted({ [NAME]: { strategy: 'Manual', guest, grace: 0 } });
    await fleet.untilStatus(NAME, 'Stopped');
    const socket = fleet.machine.path(SOCKET);
    return new Service(fleet, await SolovirtClient.connect({ socket }));
  }

  /** For others under the same service manager. */
  get machine(): Machine {
    return this.#fleet.machine;
  }

  /** From the command to the guest that runs, as a watch that is open already shows it. @returns ms */
  async startGuest(): Promise<number> {
    const watch = await this.#watch();
    const begin = performance.now();
    await this.#client.start(NAME);
    await watch.shows('Running');
    const ms = performance.now() - begin;
    watch.end();
    return ms;
  }

  async stopGuest(): Promise<void> {
    await this.#client.stop(NAME, { gracePeriodSeconds: 0 });
    await this.#client.waitFor(NAME, 'Stopped', { deadlineMs: DEADLINE_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fleet[Symbol.asyncDispose]();
  }

  /** Resolves once the watch has told what is there. */
  async #watch(): Promise<{ shows: (status: string) => Promise<void>; end: () => void }> {
    const ending = new AbortController();
    setMaxListeners(0, ending.signal);
    const changes = this.#client.watchVms({ signal: ending.signal })[Symbol.asyncIterator]();
    await changes.next();
    return {
      shows: async (status) => {
        for (;;) {
          const { value, done } = await changes.next();
          if (done === true) throw new Error(`the watch ended before ${NAME} was ${status}`);
          if (value.object.status.printableStatus === status) return;
        }
      },
      end: () => ending.abort(),
    };
  }
}

export const serviceIsThere = (): boolean => whyNoMachine() === undefined;
