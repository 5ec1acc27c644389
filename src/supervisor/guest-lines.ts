/**
 * The ways into a running guest for those who look at it: serial console, graphical console, ports, screenshots. Who may
 * not get in is told before anything is opened, in KubeVirt's words (`pkg/virt-api/rest`) where it has them.
 */
import type { Socket } from 'node:net';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { InterfaceSpec, PortForward } from '../core/model/network-interface.ts';
import type { InstanceRecord } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { guestPort, userNic } from '../core/qemu-args/network.ts';
import { netdevId } from '../core/qemu-args/nic-address.ts';
import { isHalted } from '../core/status/printable-status.ts';
import { errorCode, errorMessage } from '../core/thrown.ts';
import { ConsoleHub } from '../qemu/console-hub.ts';
import { type Line, LineCut, NoLineError } from '../qemu/line.ts';
import type { LiveInstance } from '../qemu/live-instance.ts';
import { openSocket } from '../qemu/open-socket.ts';
import { openPortLine, removeTemporaryForwards } from '../qemu/port-line.ts';
import { type Execute, ScreenshotError, takeScreenshot } from '../qemu/screenshot.ts';
import type { Context } from './context.ts';
import { conflict, notFound, Refusal } from './refusal.ts';

export type { Line } from '../qemu/line.ts';
export { LineCut } from '../qemu/line.ts';

interface Guest {
  readonly name: string;
  readonly instance: InstanceRecord;
  readonly live: LiveInstance;
  readonly execute: Execute;
}

export interface VncOptions {
  /** A viewer that is there keeps its place; otherwise it is sent away. */
  readonly preserveSession: boolean;
}

export interface PortOptions {
  readonly protocol: 'tcp' | 'udp';
  /** 1 to 65535. */
  readonly port: number;
}

const ENDED = 'the VM has stopped';

export class GuestLines {
  readonly #ctx: Context;
  readonly #consoles = new Map<string, ConsoleHub>();
  readonly #screens = new Map<string, Socket>();
  /** Screenshots under way, by instance. */
  readonly #pictures = new Map<string, Promise<Buffer>>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** @param earlierBytes of what was said before, at most. @throws Refusal */
  async console(id: VmIdentity, earlierBytes: number): Promise<Line> {
    const { instance, live, name } = this.#guest(id);
    if (!instance.spec.serialConsole) throw badRequest('No serial consoles are present.');
    const { uid } = instance;
    try {
      return { stream: await this.#hub(uid, live).attach(earlierBytes), ending: ENDED };
    } catch (error) {
      throw notConnected(name, 'serial console', error);
    }
  }

  /** @throws Refusal */
  async vnc(id: VmIdentity, { preserveSession }: VncOptions): Promise<Line> {
    const { instance, live, name } = this.#guest(id);
    if (!instance.spec.graphics) throw badRequest('No graphics devices are present.');
    const { uid } = instance;
    const present = this.#screens.get(uid);
    if (present !== undefined && preserveSession)
      throw unavailable('the VNC session is in use, and preserveSession keeps it');
    present?.destroy(new LineCut('another viewer has taken over'));
    let stream: Socket;
    try {
      stream = await openSocket({ path: live.paths.vncSocket });
    } catch (error) {
      throw notConnected(name, 'graphical console', error);
    }
    // Two who came at once: the later one stays.
    this.#screens.get(uid)?.destroy(new LineCut('another viewer has taken over'));
    this.#screens.set(uid, stream);
    stream.once('close', () => {
      if (this.#screens.get(uid) === stream) this.#screens.delete(uid);
    });
    return { stream, ending: ENDED };
  }

  /** PNG. @throws Refusal */
  async screenshot(id: VmIdentity): Promise<Uint8Array> {
    const { instance, live, execute } = this.#guest(id);
    if (!instance.spec.graphics) throw badRequest('No graphics devices are present.');
    const { uid } = instance;
    const file = {
      here: live.paths.screenshot,
      inQemu: this.#ctx.settings.launcher.seenBy(live.paths).screenshot,
    };
    const picture =
      this.#pictures.get(uid) ??
      takeScreenshot(execute, file).finally(() => this.#pictures.delete(uid));
    this.#pictures.set(uid, picture);
    try {
      return await picture;
    } catch (error) {
      const whose = error instanceof ScreenshotError ? '' : 'QEMU did not carry it out: ';
      throw unavailable(`no screenshot: ${whose}${errorMessage(error)}`, error);
    }
  }

  /** @throws Refusal */
  async port(id: VmIdentity, { protocol, port }: PortOptions): Promise<Line> {
    const { instance, execute, name } = this.#guest(id);
    const sight = this.#runState(id);
    if (protocol === 'udp')
      throw badRequest(
        'UDP is not forwarded here; the annotation solovirt.io/host-ports forwards UDP ports',
      );
    if (sight !== undefined && isHalted(sight)) throw conflict('VMI is paused');
    const to = wayTo(instance.spec.interfaces, port);
    try {
      const stream =
        'netdev' in to ? await openPortLine(execute, to) : await openSocket(hostEnd(to));
      return { stream, ending: `port ${port} of the guest was closed` };
    } catch (error) {
      throw unreachable(name, port, error);
    }
  }

  /** Removes what an earlier daemon may have left in a guest that was taken over. */
  async tidy(key: string): Promise<void> {
    const live = this.#ctx.lives.get(key);
    const nic = userNic(this.#ctx.records.get(key)?.instance?.spec.interfaces ?? []);
    if (live === undefined || nic === undefined) return;
    try {
      await removeTemporaryForwards((...call) => live.execute(...call), netdevId(nic));
    } catch (error) {
      this.#ctx.log.warn({ vm: key, error }, 'ports forwarded for a session may be left');
    }
  }

  #hub(uid: string, { paths, ended }: LiveInstance): ConsoleHub {
    const known = this.#consoles.get(uid);
    if (known !== undefined) return known;
    const hub = new ConsoleHub({ socket: paths.consoleSocket, log: paths.console, ended });
    this.#consoles.set(uid, hub);
    void ended.then(() => this.#consoles.delete(uid));
    return hub;
  }

  #runState(id: VmIdentity): string | undefined {
    const sight = this.#ctx.lives.get(keyOf(id))?.sight();
    return sight?.kind === 'live' ? sight.runState : undefined;
  }

  #guest(id: VmIdentity): Guest {
    const key = keyOf(id);
    const record = this.#ctx.records.get(key);
    const live = this.#ctx.lives.get(key);
    if (record === undefined)
      throw notFound(`virtualmachineinstances.kubevirt.io "${id.name}" not found`);
    const { instance } = record;
    if (instance === undefined || live?.sight().kind !== 'live')
      throw conflict('VMI is not running');
    const execute: Execute = (...call) => live.execute(...call);
    return { name: id.name, instance, live, execute };
  }
}

/** A port that is forwarded already needs no forward of its own. @throws Refusal */
function wayTo(
  interfaces: readonly InterfaceSpec[],
  port: number,
): NonNullable<ReturnType<typeof guestPort>> | PortForward {
  const known = interfaces
    .flatMap(({ kind, forwards }) => (kind === 'bridge' ? [] : forwards))
    .find((forward) => forward.protocol === 'tcp' && forward.guestPort === port);
  const way = known ?? guestPort(interfaces, port);
  if (way !== undefined) return way;
  throw badRequest(
    'the VM has no network interface in masquerade mode, so solovirt has no way to its ports; over passt solovirt.io/host-ports forwards them, and over a bridge they are reached at the guest’s own address',
  );
}

function hostEnd({ hostAddress, hostPort }: PortForward): {
  readonly host: string;
  readonly port: number;
} {
  return { host: hostAddress === '0.0.0.0' ? '127.0.0.1' : hostAddress, port: hostPort };
}

function notConnected(name: string, what: string, error: unknown): Refusal {
  if (error instanceof NoLineError) return unavailable(error.message, error);
  if (errorCode(error) === 'ENOENT')
    return conflict(
      `the instance of ${name} was started by a solovirt that gave it no socket for its ${what}; restart the VM for one`,
    );
  return unavailable(`QEMU does not answer on its ${what}: ${errorMessage(error)}`, error);
}

/** The units of the package allow the loopback network; other confinements of the daemon may not. */
const NO_NETWORK: readonly unknown[] = ['EAFNOSUPPORT', 'ENETUNREACH', 'EPERM', 'EACCES'];

function unreachable(name: string, port: number, error: unknown): Refusal {
  const code = errorCode(error);
  const hint = NO_NETWORK.includes(code)
    ? '; the daemon may not use the network of this host, not even 127.0.0.0/8: see docs/systemd.md'
    : '';
  return unavailable(
    `port ${port} of ${name} was not reached: ${errorMessage(error)}${hint}`,
    error,
  );
}

function badRequest(message: string): Refusal {
  return new Refusal(message, { kind: 'bad-request' });
}

function unavailable(message: string, cause?: unknown): Refusal {
  return new Refusal(message, { kind: 'unavailable', cause });
}
