/** What clients ask of single VMs; each is taken up where it belongs. */
import { randomUUID } from 'node:crypto';
import type { GuestDetail } from '../core/agent/guest-status.ts';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import type { Command } from '../core/strategy/commands.ts';
import type { Context } from './context.ts';
import { type FreezeOptions, freezeGuest, unfreezeGuest } from './guest-freeze.ts';
import { type GuestView, lookIntoGuest, touchGuest } from './guest-reads.ts';
import { commandInstance, type InstanceVerb } from './instance-command.ts';
import type { VmSnapshot } from './snapshot.ts';
import { commandVm } from './vm-command.ts';
import { createVm } from './vm-create.ts';
import { type Deletion, deleteInstance, deleteVm } from './vm-delete.ts';
import { manifestOf, replaceManifestText, updateVm, type Written } from './vm-write.ts';

export class Requests {
  readonly #ctx: Context;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** @throws Refusal */
  command(id: VmIdentity, command: Command, dryRun: boolean): Promise<void> {
    return commandVm(this.#ctx, keyOf(id), command, dryRun, randomUUID);
  }

  /** @throws Refusal */
  commandInstance(id: VmIdentity, verb: InstanceVerb, dryRun: boolean): Promise<void> {
    return commandInstance(this.#ctx, keyOf(id), verb, dryRun);
  }

  /** @param text of a manifest that declares just this VM @throws Refusal */
  create(id: VmIdentity, text: string, dryRun: boolean): Promise<Written> {
    return createVm(this.#ctx, id, text, dryRun);
  }

  /** @throws Refusal, and whatever `wanted` throws */
  update(
    id: VmIdentity,
    wanted: (snapshot: VmSnapshot, vm: VirtualMachine) => JsonObject,
    dryRun: boolean,
  ): Promise<Written> {
    return updateVm(this.#ctx, keyOf(id), wanted, dryRun);
  }

  /** The text of the VM's document. @throws Refusal */
  manifest(id: VmIdentity): string {
    return manifestOf(this.#ctx, keyOf(id));
  }

  /** @throws Refusal, and whatever `wanted` throws */
  replaceManifest(
    id: VmIdentity,
    wanted: (body: string) => string,
    dryRun: boolean,
  ): Promise<Written> {
    return replaceManifestText(this.#ctx, keyOf(id), wanted, dryRun);
  }

  /** @returns the VM while its guest still stops @throws Refusal, and whatever `check` throws */
  delete(id: VmIdentity, deletion: Deletion): Promise<VmSnapshot | undefined> {
    return deleteVm(this.#ctx, keyOf(id), deletion);
  }

  /** @throws Refusal, and whatever `check` throws */
  deleteInstance(id: VmIdentity, deletion: Deletion): Promise<void> {
    return deleteInstance(this.#ctx, keyOf(id), deletion);
  }

  /** Somebody reads what is known of the guest: it is asked again if that is old. Never waits. */
  touchGuest(id: VmIdentity): void {
    touchGuest(this.#ctx, keyOf(id));
  }

  /** Asks the agent in the guest, for seconds at most. @throws Refusal */
  lookIntoGuest(id: VmIdentity, details: readonly GuestDetail[]): Promise<GuestView> {
    return lookIntoGuest(this.#ctx, keyOf(id), details);
  }

  /** @throws Refusal */
  freeze(id: VmIdentity, options: FreezeOptions): Promise<void> {
    return freezeGuest(this.#ctx, keyOf(id), options);
  }

  /** @throws Refusal */
  unfreeze(id: VmIdentity, dryRun: boolean): Promise<void> {
    return unfreezeGuest(this.#ctx, keyOf(id), dryRun);
  }
}
