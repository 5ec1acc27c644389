/**
 * What is typed into a guest's serial console. Connected to QEMU only while it may still have typed bytes to take: QEMU
 * hands its client a copy of the output, byte by byte. The guest would stand still if nobody read it, and a guest that floods
 * waits for its reader; measured with QEMU 7.2, it says some bytes twice then. It is read, and dropped.
 */
import type { Socket } from 'node:net';
import { openSocket } from './open-socket.ts';

/** The connection stays for so long after the last byte, and longer the more was typed: guests read slowly. */
const LINGER_MS = 1000;
/** A guest that takes less than a byte in this time is not reading. */
const PER_BYTE_MS = 1;
const LONGEST_MS = 60_000;

export class ConsoleInput {
  readonly #path: string;
  #socket: Promise<Socket> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When everything typed so far will have been taken, by the clock of `performance`. */
  #takenAt = 0;

  /** @param path of QEMU's socket */
  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when the bytes are on their way into QEMU, which takes them as the guest does. @throws the system's error */
  async type(bytes: Buffer): Promise<void> {
    this.#socket ??= this.#connect();
    this.#stay(bytes.length);
    const socket = await this.#socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    // A console that ends meanwhile takes nothing more, as a real one.
    socket.write(bytes, () => resolve());
    await promise;
    this.#stay(0);
  }

  /** At once. */
  close(): void {
    clearTimeout(this.#timer);
    void this.#socket?.then((socket) => socket.destroy()).catch(() => {});
  }

  async #connect(): Promise<Socket> {
    try {
      const socket = await openSocket({ path: this.#path });
      socket.on('close', () => {
        clearTimeout(this.#timer);
        this.#socket = undefined;
      });
      socket.resume();
      return socket;
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
  }

  #stay(bytes: number): void {
    const now = performance.now();
    this.#takenAt = Math.max(this.#takenAt, now) + bytes * PER_BYTE_MS;
    clearTimeout(this.#timer);
    const waitMs = Math.min(this.#takenAt - now + LINGER_MS, LONGEST_MS);
    this.#timer = setTimeout(() => this.close(), waitMs).unref();
  }
}
