/**
 * Managed networks on this host: each has a keeper of its own (`network-keep`), which outlives the daemon. Two ways to start
 * one, as for a QEMU: a detached process of a daemon that is root, or a unit for each network.
 */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import writeFileAtomic from 'write-file-atomic';
import { type KeeperState, parseKeeperState } from '../core/network/description.ts';
import { errorMessage } from '../core/thrown.ts';
import { awaitInDirectory } from './await-file.ts';
import { startDetached } from './detached.ts';
import { signalProcess } from './kill-tree.ts';
import { openWay, READ, SEARCH } from './open-way.ts';
import { isAlive, readIfThere } from './process-identity.ts';
import { programFile } from './program-files.ts';
import { systemctl } from './systemctl.ts';

/** The network cannot be made or changed as it was asked. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** A host with hundreds of routes and rules answers within a second; ip and nft wait for locks. */
const ANSWER_MS = 20_000;
const GONE_MS = 15_000;

export interface Order {
  readonly bridge: string;
  /** Of `describeNetwork`. */
  readonly description: string;
  readonly token: string;
}

export interface NetworkKeepers {
  /** Where the keeper of this bridge has its files. */
  dir(bridge: string): string;
  /** Makes the network, or changes who is in it; resolves once it is so. @throws NetworkError, and it is as before */
  apply(order: Order): Promise<void>;
  /** Takes the network down, whatever is left of it. @throws NetworkError */
  remove(bridge: string): Promise<void>;
}

/** What the keeper last said; undefined when it never did, or has gone in peace. */
export function readKeeperState(dir: string): KeeperState | undefined {
  return parseKeeperState(readIfThere(join(dir, 'state')) ?? '');
}

/** True while the keeper that said so lives. */
export function isKept(state: KeeperState | undefined): state is KeeperState {
  return state !== undefined && isAlive(state);
}

export class DirectNetworkKeepers implements NetworkKeepers {
  readonly #runtimeDir: string;

  constructor(runtimeDir: string) {
    this.#runtimeDir = runtimeDir;
  }

  dir(bridge: string): string {
    return join(this.#runtimeDir, 'network-keepers', bridge);
  }

  async apply(order: Order): Promise<void> {
    const { bridge } = order;
    const dir = this.dir(bridge);
    if (process.geteuid?.() !== 0)
      throw new NetworkError(
        'a managed network takes root to make: run the daemon as root, or the packaged service, whose units make it; or make the bridge by hand and leave out its ipam',
      );
    await mkdir(dir, { recursive: true });
    // dnsmasq reads its list of hosts again as a user of its own.
    openWay(dir, READ);
    for (const way of [dirname(dir), this.#runtimeDir]) openWay(way, SEARCH);
    await writeDescription(this.#description(bridge), order.description);
    const state = readKeeperState(dir);
    if (isKept(state)) {
      signalProcess(state, 'SIGHUP');
      await awaitAnswer(dir, order.token, () =>
        isKept(state) ? undefined : 'its keeper has ended',
      );
      return;
    }
    const keeper = startDetached(programFile('network-keep'), [this.#description(bridge), dir]);
    await awaitAnswer(dir, order.token, () => keeper.ended);
  }

  async remove(bridge: string): Promise<void> {
    const dir = this.dir(bridge);
    const description = this.#description(bridge);
    const state = readKeeperState(dir);
    if (isKept(state)) {
      signalProcess(state, 'SIGTERM');
      const isGone = (): true | undefined => (isAlive(state) ? undefined : true);
      if ((await awaitInDirectory(dir, isGone, { timeoutMs: GONE_MS })) === undefined)
        throw new NetworkError(`the keeper of ${bridge} (pid ${state.pid}) does not end`);
    } else if (readIfThere(description) !== undefined) {
      const { failed, stderr } = await execa(
        programFile('network-keep'),
        ['--down', description, dir],
        { reject: false, stdin: 'ignore', timeout: GONE_MS, killSignal: 'SIGKILL' },
      );
      if (failed) throw new NetworkError(`${bridge} could not be taken down: ${stderr.trim()}`);
    }
    await rm(dir, { recursive: true, force: true });
    await rm(description, { force: true });
  }

  #description(bridge: string): string {
    return descriptionFile(this.#runtimeDir, bridge);
  }
}

export class SystemdNetworkKeepers implements NetworkKeepers {
  readonly #runtimeDir: string;

  constructor(runtimeDir: string) {
    this.#runtimeDir = runtimeDir;
  }

  /** `RuntimeDirectory=` of the unit. */
  dir(bridge: string): string {
    return `/run/solovirt-network/${bridge}`;
  }

  async apply(order: Order): Promise<void> {
    const { bridge, token } = order;
    await writeDescription(descriptionFile(this.#runtimeDir, bridge), order.description);
    const verb = isKept(readKeeperState(this.dir(bridge))) ? 'reload' : 'start';
    let failure: string | undefined;
    // A unit that does not start says less of the reason than its keeper does.
    await systemctl(verb, unitOf(bridge)).catch((error: unknown) => {
      failure = errorMessage(error);
    });
    await awaitAnswer(this.dir(bridge), token, () => failure);
  }

  async remove(bridge: string): Promise<void> {
    try {
      await systemctl('stop', unitOf(bridge));
    } catch (cause) {
      throw new NetworkError(`${bridge} could not be taken down`, { cause });
    }
    await rm(descriptionFile(this.#runtimeDir, bridge), { force: true });
  }
}

function unitOf(bridge: string): string {
  return `solovirt-network@${bridge}.service`;
}

function descriptionFile(runtimeDir: string, bridge: string): string {
  return join(runtimeDir, 'networks', bridge);
}

/** Whole under its name, or not at all. */
async function writeDescription(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, text, { mode: 0o644 });
}

/** @param ended in words, when the answer will not come any more @throws NetworkError */
async function awaitAnswer(
  dir: string,
  token: string,
  ended: () => string | undefined,
): Promise<void> {
  const look = (): { readonly trouble?: string } | undefined => {
    // Asked first: the answer is written before the end.
    const trouble = ended();
    const state = readKeeperState(dir);
    if (state?.token === token)
      return state.refused === undefined ? {} : { trouble: state.refused };
    return trouble === undefined ? undefined : { trouble };
  };
  const answer = await awaitInDirectory(dir, look, { timeoutMs: ANSWER_MS });
  if (answer === undefined)
    throw new NetworkError(`its keeper gave no answer in ${ANSWER_MS / 1000} s`);
  if (answer.trouble !== undefined) throw new NetworkError(answer.trouble);
}
