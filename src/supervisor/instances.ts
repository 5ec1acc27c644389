/**
 * Brings live instances about: launches what a record asks for, takes over what an earlier daemon left, and passes on
 * what either tells.
 */
import type { QmpEvent } from '../core/model/evidence.ts';
import type { HostNetwork } from '../core/model/host-network.ts';
import type { VmRecord } from '../core/model/record.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { machineDir } from '../core/paths.ts';
import { withInstance } from '../core/strategy/transitions.ts';
import { LiveInstance, type LiveInstanceDeps } from '../qemu/live-instance.ts';
import { companionEnds } from './companion-ends.ts';
import type { Ground } from './ground.ts';
import { GuestEvents } from './guest-events.ts';
import { forgetFreeze } from './guest-freeze.ts';
import type { ManagedNetworks } from './managed-networks.ts';

export class Instances {
  readonly #ctx: Ground;
  readonly #networks: ManagedNetworks;
  readonly #guestEvents: GuestEvents;
  /** A guest that was taken over answers for the first time. */
  readonly #onTakenOver: (key: string) => void;

  constructor(ctx: Ground, networks: ManagedNetworks, onTakenOver: (key: string) => void) {
    this.#ctx = ctx;
    this.#networks = networks;
    this.#guestEvents = new GuestEvents(ctx.events);
    this.#onTakenOver = onTakenOver;
  }

  /** Takes over the QEMU of the VM's recorded instance, and puts it into `lives`. */
  adopt(key: string): void {
    const record = this.#ctx.records.get(key);
    if (record?.instance === undefined) return;
    const paths = this.#ctx.paths(record.instance.uid);
    let isFirst = true;
    const onConnected = (): void => {
      if (isFirst) this.#onTakenOver(key);
      isFirst = false;
    };
    const deps = { ...this.#deps(key, record), onConnected };
    this.#ctx.lives.set(key, LiveInstance.adopt(paths, deps, record.instance.process));
  }

  /** Launches the VM's recorded instance, and puts it into `lives`. */
  launch(key: string, uid: string): void {
    const record = this.#ctx.records.get(key);
    if (record?.instance === undefined) return;
    const { host, imagesDir, diskRoots, stateDir } = this.#ctx.settings;
    const { namespace, name } = record;
    const { spec } = record.instance;
    const live = LiveInstance.launch(
      {
        vm: { namespace, name },
        template: record.instance.template,
        spec,
        startPaused: record.instance.startPaused,
        vsockCid: record.instance.vsockCid,
        values: (id) => this.#ctx.objects.values(id),
        paths: this.#ctx.paths(uid),
        machineDir: machineDir(stateDir, record),
        imagesDir,
        diskRoots,
        joinNetworks: () => this.#join(key, uid),
        host,
      },
      this.#deps(key, record),
    );
    this.#ctx.lives.set(key, live);
  }

  /** The networks of its NICs, once they are there: recorded before anything is plugged in. */
  async #join(key: string, uid: string): Promise<readonly HostNetwork[]> {
    const { records } = this.#ctx;
    const current = (): VmRecord | undefined => {
      const record = records.get(key);
      return record?.instance?.uid === uid ? record : undefined;
    };
    const record = current();
    if (record?.instance === undefined) return [];
    const { namespace, name, instance } = record;
    const networks = await this.#networks.join({ namespace, name }, instance.spec);
    const now = current();
    if (networks.length === 0 || now === undefined) return networks;
    const isUnnamed = this.#ctx.settings.launcher.tapMaking().kind === 'helper';
    records.save(withInstance(now, { networks, ...(isUnnamed && { tapsUnnamed: true }) }));
    return networks;
  }

  #deps(key: string, id: VmIdentity): LiveInstanceDeps {
    const { settings, clock, log, queue, tally, records } = this.#ctx;
    return {
      vm: { namespace: id.namespace, name: id.name },
      launcher: settings.launcher,
      clock,
      log: log.child({ vm: key }),
      onChange: () => queue.add(key),
      onFailure: (command, error) => tally.qmpFailed(command, error),
      companions: this.#companions(key, id),
      onEvent: (event: QmpEvent) => {
        if (event.event === 'RESET') void this.#forgetFreeze(key);
        this.#guestEvents.take(id, event, records.get(key)?.instance?.uid);
        queue.add(key);
      },
      consoleLogBytes: settings.consoleLogBytes,
      qemuLogBytes: settings.qemuLogBytes,
    };
  }

  #companions(key: string, id: VmIdentity): LiveInstanceDeps['companions'] {
    const instance = this.#ctx.records.get(key)?.instance;
    if (instance === undefined) return [];
    const { events } = this.#ctx;
    return companionEnds(instance.spec, (words) =>
      events.note(id, { ...words, instanceUid: instance.uid }),
    );
  }

  async #forgetFreeze(key: string): Promise<void> {
    try {
      await forgetFreeze(this.#ctx, key);
    } catch (error) {
      // It is thawed in its time all the same, which does nothing to a guest that is not frozen.
      this.#ctx.log.warn({ vm: key, error }, 'the end of a freeze could not be recorded');
    }
  }
}
