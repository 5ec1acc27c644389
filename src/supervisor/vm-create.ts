/**
 * Creating VMs on behalf of clients: each gets a file of its own, and is in force when the answer goes out. What holds of
 * changes (`vm-write`) holds here too.
 */
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { VirtualMachine, VmIdentity } from '../core/model/virtual-machine.ts';
import { createManifest, removeManifest } from '../host/write-manifest.ts';
import type { Context } from './context.ts';
import { shownUid } from './publish.ts';
import { Refusal } from './refusal.ts';
import type { VmSnapshot } from './snapshot.ts';
import { documentIn, shown, takeIn, type Written, written } from './vm-write.ts';

/**
 * @param text of a manifest with one document, which declares this VM and is valid
 * @throws Refusal
 */
export function createVm(
  ctx: Context,
  id: VmIdentity,
  text: string,
  dryRun: boolean,
): Promise<Written> {
  const key = keyOf(id);
  return ctx.queue.exclusive(key, async () => {
    await ctx.files.settled(key);
    refuseKnown(ctx, key, id);
    const document = documentIn(text, 0);
    if (document?.vm === undefined) throw new Error('a manifest that was admitted is not valid');
    const warnings = document.problems;
    if (dryRun) return { snapshot: imagined(ctx, key, document.vm), warnings };
    const path = await written(() => createManifest(ctx.settings.vmsDir, namesFor(id), text));
    await takeIn(ctx, key, { path, text }, async () => {
      await removeManifest(path, text);
      return ctx.files.removed(path, ctx.records.claims());
    });
    return { snapshot: shown(ctx, key), warnings };
  });
}

/** Under another namespace than the default one, two VMs of one name have two files. */
function namesFor({ namespace, name }: VmIdentity): readonly string[] {
  const full = `${namespace}.${name}.yaml`;
  const numbered = [2, 3, 4, 5].map((number) => `${namespace}.${name}.${number}.yaml`);
  return namespace === 'default' ? [`${name}.yaml`, full, ...numbered] : [full, ...numbered];
}

function refuseKnown(ctx: Context, key: string, { name }: VmIdentity): void {
  const record = ctx.records.get(key);
  const entry = ctx.files.catalogue.get(key);
  if (record === undefined && entry === undefined) return;
  const exists = `virtualmachines.kubevirt.io "${name}" already exists`;
  const going = entry === undefined && ctx.listed();
  throw new Refusal(going ? `object is being deleted: ${exists}` : exists, {
    kind: 'already-exists',
  });
}

/** What a dry run shows: nothing of it is on record. */
function imagined(ctx: Context, key: string, vm: VirtualMachine): VmSnapshot {
  const { namespace, name } = vm;
  const base = { key, namespace, name, problems: [], history: [] };
  const versions = { resourceVersion: 0, instanceVersion: 0 };
  const unseen = { conditions: [], instanceConditions: [], seenAt: ctx.clock.now() };
  return { ...base, ...versions, ...unseen, uid: shownUid(ctx, key), vm };
}
