/** A managed network of a test: its description, the keeper's directory, and its keepers. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isKept, readKeeperState } from '../../src/qemu/network-keepers.ts';
import type { NetNamespace } from './net-namespace.ts';

export const KEEPER = resolve(import.meta.dirname, '../../src/qemu/network-keep');
const DEADLINE_MS = 30_000;

/** A network of a test: its description, its keeper's directory, its keepers. */
export class KeptNetwork {
  readonly dir: string;
  readonly #net: NetNamespace;
  readonly #file: string;
  readonly #text: string;
  #token = 0;

  /** @param text of its description, whose token is `a-1` */
  constructor(net: NetNamespace, root: string, text: string) {
    this.dir = mkdtempSync(join(root, 'keeper-'));
    this.#file = `${this.dir}.description`;
    this.#net = net;
    this.#text = text;
  }

  write(change: (text: string) => string = (text) => text): string {
    this.#token += 1;
    writeFileSync(this.#file, change(this.#text.replace('a-1', `a-${this.#token}`)));
    return `a-${this.#token}`;
  }

  start(): void {
    const [program, ...args] = this.#net.inside(KEEPER, this.#file, this.dir);
    spawn(program, args, { stdio: 'ignore' });
  }

  down(): Promise<string> {
    return this.#net.get(KEEPER, '--down', this.#file, this.dir);
  }

  /** What the keeper says to this version. */
  async answer(token: string): Promise<string> {
    await until(`an answer to ${token}`, () => readKeeperState(this.dir)?.token === token);
    return readKeeperState(this.dir)?.refused ?? 'ready';
  }

  async up(change?: (text: string) => string): Promise<string> {
    const token = this.write(change);
    this.start();
    return await this.answer(token);
  }

  async change(change: (text: string) => string): Promise<string> {
    const token = this.write(change);
    this.signal('SIGHUP');
    return await this.answer(token);
  }

  signal(signal: NodeJS.Signals): void {
    const state = readKeeperState(this.dir);
    if (isKept(state)) process.kill(state.pid, signal);
  }

  get dnsmasq(): number {
    return Number(readFileSync(join(this.dir, 'dnsmasq'), 'utf8').split(' ')[0]);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const state = readKeeperState(this.dir);
    this.signal(signal);
    await until('the keeper has ended', () => !isKept(state));
  }
}

export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(10);
  }
}
