/**
 * The managed networks of this host: made before the first VM in them starts, kept whatever becomes of the daemon, and taken
 * down when no instance is in them and no file needs them. Whoever launches a VM waits for `join`; everything else happens
 * in the background, one thing after the other.
 */
import type { Lease } from '../core/agent/guest-status.ts';
import { keyOf } from '../core/catalogue/catalogue.ts';
import { didYouMean } from '../core/manifest/suggest.ts';
import { type HostNetwork, type NetworkId, networkKey } from '../core/model/host-network.ts';
import type { InstanceSpec, VmIdentity } from '../core/model/virtual-machine.ts';
import { collision } from '../core/network/collisions.ts';
import { type Described, isManaged } from '../core/network/description.ts';
import { fateOf, type KeptNetwork, sameNetwork } from '../core/network/fate.ts';
import {
  type Applicant,
  admit,
  isSame,
  type Member,
  readmit,
  takenForward,
} from '../core/network/members.ts';
import { portWords } from '../core/preflight.ts';
import { defaultMacAddress } from '../core/qemu-args/mac-address.ts';
import { networksWanted } from '../core/qemu-args/taps.ts';
import { errorMessage } from '../core/thrown.ts';
import { NetworkError } from '../qemu/network-keepers.ts';
import type { Ground } from './ground.ts';
import { KeptNetworks } from './kept-networks.ts';
import { standing } from './standing.ts';

const RETRY_MS = 5000;

export class ManagedNetworks implements Disposable {
  readonly #ctx: Ground;
  readonly #kept: KeptNetworks;
  #turn: Promise<unknown> = Promise.resolve();
  #settling = false;
  #retry: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(ctx: Ground) {
    this.#ctx = ctx;
    this.#kept = new KeptNetworks(ctx, {
      onLeases: (id) => this.#tellGuests(id),
      onEnd: (id, how) =>
        this.#note(
          id,
          `the DHCP and DNS server of the network ${id} ended (${how}) and is started again`,
        ),
      onGone: (id, wasThere) => this.#keeperGone(id, wasThere),
    });
    ctx.files.onRead(() => this.settle());
  }

  /** Takes over what an earlier daemon has made. */
  adopt(): void {
    this.#kept.adopt();
    this.settle();
  }

  /**
   * Resolves once the VM's NICs may be plugged in: the managed ones of their networks are there, and each NIC has its address
   * and its ports. Takes the VM out of the networks in which it has none.
   * @returns the networks of its NICs as they are at present: one whose file was edited while guests are in it goes on as it was
   * @throws NetworkError with words for whoever started the VM
   */
  async join(vm: VmIdentity, spec: InstanceSpec): Promise<readonly HostNetwork[]> {
    const ids = networksWanted(spec.interfaces);
    await this.#inTurn(() => this.#leaveOthers(vm, ids));
    const networks: HostNetwork[] = [];
    for (const id of ids) {
      try {
        networks.push(await this.#inTurn(() => this.#joinOne(id, vm, spec)));
      } catch (cause) {
        throw new NetworkError(`network ${networkKey(id)}: ${errorMessage(cause)}`, { cause });
      }
    }
    return networks;
  }

  /** The addresses that DHCP has given to the VM. */
  leasesOf(vm: VmIdentity): readonly Lease[] {
    return this.#kept.all().flatMap(([id, { members }]) =>
      members.flatMap(({ vm: holder, mac }) => {
        const address = isSame(holder, vm) ? this.#kept.leased(id, mac) : undefined;
        return address === undefined ? [] : [{ mac, address }];
      }),
    );
  }

  /** Looks whether every network is as it should be, soon; whoever knows of a change calls it. */
  settle(): void {
    if (this.#settling || this.#disposed || this.#kept.all().length === 0) return;
    this.#settling = true;
    void this.#inTurn(async () => {
      this.#settling = false;
      for (const [id] of this.#kept.all()) await this.#settleOne(id);
    });
  }

  /** Those that are there now. */
  up(): readonly Described[] {
    return this.#kept.all().flatMap(([, { network, isUp }]) => (isUp ? [network] : []));
  }

  /** Networks whose files have changed since they were made, one sentence each. */
  warnings(): readonly string[] {
    return this.#kept.all().flatMap(([id, { network, members, isUp }]) => {
      const wanted = this.#wanted(id);
      if (!isUp || wanted === undefined || sameNetwork(wanted, network)) return [];
      const guests = members.filter(this.#isPresent).map(({ vm }) => keyOf(vm));
      if (guests.length === 0) return [];
      const names = [...new Set(guests)].join(', ');
      return [
        `the network ${id} goes on as it was before its file was changed, until the last of its guests has ended: ${names}`,
      ];
    });
  }

  /** Lets go of them; they stay. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#retry);
    this.#kept[Symbol.dispose]();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #leaveOthers(vm: VmIdentity, wanted: readonly NetworkId[]): Promise<void> {
    for (const [id, entry] of this.#kept.all()) {
      if (wanted.some((other) => networkKey(other) === id)) continue;
      const members = entry.members.filter((member) => !isSame(member.vm, vm));
      if (members.length < entry.members.length) await this.#kept.store(id, { ...entry, members });
    }
    this.settle();
  }

  async #joinOne(id: NetworkId, vm: VmIdentity, spec: InstanceSpec): Promise<HostNetwork> {
    const network = this.#ctx.objects.network(id);
    if (network === undefined)
      throw new NetworkError(
        `no file declares a NetworkAttachmentDefinition of this name${didYouMean(id.name, this.#ctx.objects.networkNames(id.namespace))}`,
      );
    const nics = nicsIn(vm, spec, id);
    if (isManaged(network)) return await this.#admit(network, vm, nics);
    const [forward] = nics.flatMap(({ forwards }) => forwards);
    if (forward !== undefined)
      throw new NetworkError(
        `${portWords(forward)} cannot be forwarded into it, for its bridge ${network.bridge} is the host's own; solovirt.io/host-ports leads into networks with ipam of type host-local, and to masquerade interfaces`,
      );
    return network;
  }

  async #admit(wanted: Described, vm: VmIdentity, nics: readonly Applicant[]): Promise<Described> {
    const id = networkKey(wanted);
    const before = this.#kept.find(id);
    const others = (before?.members ?? []).filter((m) => !isSame(m.vm, vm) && this.#isPresent(m));
    const inUse = others.length > 0;
    const double = others.find(({ mac }) => nics.some((nic) => nic.mac === mac));
    if (double !== undefined)
      throw new NetworkError(
        `VM ${keyOf(double.vm)} has a NIC with the address ${double.mac} in it`,
      );
    const network = before !== undefined && inUse ? before.network : wanted;
    if (before?.isUp === true && !sameNetwork(before.network, network))
      await this.#kept.takeDown(id);
    const beside = this.#kept.all().filter(([other, { isUp }]) => other !== id && isUp);
    const elsewhere = beside
      .flatMap(([, { members }]) => members)
      .filter((m) => !isSame(m.vm, vm) && this.#isPresent(m));
    const trouble =
      collision(
        network,
        beside.map(([, other]) => other.network),
      )?.words ?? takenForward(nics, [...others, ...elsewhere]);
    if (trouble !== undefined) throw new NetworkError(trouble);
    const members = admit(readmit(before?.members ?? [], network.managed), nics, network.managed);
    if (members === undefined)
      throw new NetworkError(
        `no address is left between ${network.managed.first} and ${network.managed.last}`,
      );
    await this.#kept.store(id, { network, members, isUp: true });
    try {
      const isIn = (member: Member): boolean => isSame(member.vm, vm) || this.#isPresent(member);
      await this.#kept.apply(id, members.filter(isIn));
      return network;
    } catch (error) {
      if (before !== undefined && inUse) await this.#goOnWithout(id, before);
      else await this.#kept.takeDown(id);
      if (before === undefined) await this.#kept.drop(id);
      throw error;
    }
  }

  /** The others stay in it, and their keeper is told so: what it refused lies where its successor would look. */
  async #goOnWithout(id: string, before: KeptNetwork): Promise<void> {
    this.#kept.tellAgain(id);
    await this.#kept.store(id, { ...this.#kept.get(id), members: before.members });
    this.settle();
  }

  async #settleOne(id: string): Promise<void> {
    const entry = this.#kept.get(id);
    // Nobody knows yet which files there are, and a guest whose record was lost may still go back to its VM.
    const isListed = this.#ctx.listed();
    if (!isListed && this.#kept.isSeen(id)) return;
    try {
      const fate = fateOf(entry, this.#isPresent, isListed ? this.#wanted(id) : entry.network);
      if (fate.kind === 'keep') {
        if (entry.isUp) await this.#kept.apply(id, fate.present);
        if (isListed) await this.#forgetGone(id);
      } else {
        if (entry.isUp) await this.#kept.takeDown(id);
        if (fate.kind === 'forget') await this.#kept.drop(id);
      }
    } catch (error) {
      this.#ctx.log.warn({ network: id, error }, 'a network is not as it should be');
      clearTimeout(this.#retry);
      if (!this.#disposed) this.#retry = setTimeout(() => this.settle(), RETRY_MS).unref();
    }
  }

  /** Addresses of VMs that are gone may be given to others. */
  async #forgetGone(id: string): Promise<void> {
    const entry = this.#kept.get(id);
    const { records, files } = this.#ctx;
    const members = entry.members.filter(
      ({ vm }) => records.get(keyOf(vm)) !== undefined || files.catalogue.has(keyOf(vm)),
    );
    if (members.length < entry.members.length) await this.#kept.store(id, { ...entry, members });
  }

  #keeperGone(id: string, wasThere: boolean): void {
    if (wasThere) this.#note(id, `the keeper of the network ${id} ended and is started again`);
    this.settle();
  }

  #note(id: string, message: string): void {
    const keys = new Set(
      this.#kept
        .get(id)
        .members.filter(this.#isPresent)
        .map(({ vm }) => keyOf(vm)),
    );
    for (const key of keys) {
      const record = this.#ctx.records.get(key);
      if (record !== undefined)
        this.#ctx.events.note(record, {
          type: 'Warning',
          reason: 'NetworkRestarted',
          message,
          about: 'vm',
        });
    }
  }

  /** Whoever looks at these VMs sees other addresses. */
  #tellGuests(id: string): void {
    for (const { vm } of this.#kept.get(id).members)
      if (this.#ctx.records.get(keyOf(vm))?.instance !== undefined) this.#ctx.queue.add(keyOf(vm));
  }

  readonly #isPresent = ({ vm }: Member): boolean =>
    this.#ctx.records.get(keyOf(vm))?.instance !== undefined;

  /** What the VMs of the files name under this name. */
  #wanted(id: string): HostNetwork | undefined {
    const { files, records } = this.#ctx;
    for (const key of new Set([...files.catalogue.keys(), ...records.keys()])) {
      const { vm } = standing(this.#ctx, key);
      const ids = vm === undefined ? [] : networksWanted(vm.template.spec.interfaces);
      const named = ids.find((one) => networkKey(one) === id);
      if (named === undefined) continue;
      const network = this.#ctx.objects.network(named);
      return network?.managed === undefined ? undefined : network;
    }
    return undefined;
  }
}

/** The NICs by which a VM is in a network. */
function nicsIn(vm: VmIdentity, { interfaces }: InstanceSpec, id: NetworkId): readonly Applicant[] {
  return interfaces.flatMap((nic) => {
    if (nic.kind !== 'bridge' || networkKey(nic.network) !== networkKey(id)) return [];
    const mac = nic.macAddress ?? defaultMacAddress(vm, nic.name);
    return [{ vm, mac, forwards: nic.forwards }];
  });
}
