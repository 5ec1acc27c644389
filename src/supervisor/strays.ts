/**
 * Guests that run although no record knows them: the state database was lost, their evidence directories were not.
 * Each goes back to its VM when a file declares it; a second QEMU beside it could ruin its disks.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { keyOf } from '../core/catalogue/catalogue.ts';
import type { ProcessIdentity } from '../core/model/evidence.ts';
import type { InstanceDescription, InstanceRecord } from '../core/model/record.ts';
import { type InstancePaths, instancesDir } from '../core/paths.ts';
import { instanceDescriptionShape } from '../host/state-records.ts';
import { parseStored } from '../host/state-shape.ts';
import { isAlive, readProcessFile } from '../qemu/process-identity.ts';
import type { Context } from './context.ts';

type Ground = Pick<Context, 'records' | 'settings' | 'paths' | 'log'>;

/** By VM key; of several guests of one VM the one that was started last. */
export function findStrays(ctx: Ground): ReadonlyMap<string, InstanceRecord> {
  const known = new Set(ctx.records.keys().map((key) => ctx.records.get(key)?.instance?.uid));
  const found = instanceUids(ctx.settings.stateDir)
    .filter((uid) => !known.has(uid))
    .flatMap((uid) => strayOf(ctx, uid))
    .sort((a, b) => a.instance.createdAt - b.instance.createdAt);
  return new Map(found.map(({ key, instance }) => [key, instance]));
}

function instanceUids(stateDir: string): readonly string[] {
  try {
    return readdirSync(instancesDir(stateDir));
  } catch {
    return [];
  }
}

function strayOf(ctx: Ground, uid: string): { key: string; instance: InstanceRecord }[] {
  const paths = ctx.paths(uid);
  const identity = readProcessFile(paths.process)?.identity;
  if (identity === undefined || !isAlive(identity)) return [];
  const description = readDescription(paths);
  if (description === undefined) {
    ctx.log.warn({ uid, pid: identity.pid }, 'a QEMU runs whose VM cannot be told');
    return [];
  }
  const createdAt = statSync(paths.process).mtimeMs;
  return [{ key: keyOf(description.vm), instance: recordOf(description, identity, createdAt) }];
}

/** What the guest does shows once its monitor answers. */
function recordOf(
  { uid, template, spec }: InstanceDescription,
  process: ProcessIdentity,
  createdAt: number,
): InstanceRecord {
  return {
    uid,
    phase: 'Scheduled',
    createdAt,
    startedAt: createdAt,
    startPaused: spec.startPaused,
    gracePeriodSeconds: spec.gracePeriodSeconds,
    acpi: spec.acpi,
    template,
    spec,
    process,
    pausedByUser: false,
  };
}

function readDescription(paths: InstancePaths): InstanceDescription | undefined {
  try {
    const text = readFileSync(paths.description, 'utf8');
    const read = parseStored<InstanceDescription>(text, instanceDescriptionShape);
    return read.ok && read.value.uid === paths.uid ? read.value : undefined;
  } catch {
    return undefined;
  }
}
