/**
 * Waits for what the API says outside a VM object, and for a guest to be up. Deadlines as in the harness.
 */
import type { VmObject } from '../../src/api/contract.ts';
import type { HostInfo } from '../../src/api/contract-host.ts';
import type { Condition } from '../../src/api/contract-meta.ts';
import type { World } from './daemon-harness.ts';
import { type TinyVm, tinyVm } from './manifests.ts';

const DEADLINE_MS = 30_000;

/** Asks again and again: info has no watch. */
export async function untilInfo(
  world: World,
  what: string,
  wanted: (info: HostInfo) => boolean,
): Promise<HostInfo> {
  for (const deadline = Date.now() + DEADLINE_MS; ; ) {
    const info = (await world.api('GET', '/apis/solovirt.io/v1/info')).body as HostInfo;
    if (wanted(info)) return info;
    if (Date.now() > deadline) throw new Error(`not in time: ${what}: ${JSON.stringify(info)}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Writes NAME.yaml and resolves with the uid of the instance when its guest is up. */
export async function bringUp(
  world: World,
  name: string,
  vm: Partial<TinyVm> = {},
): Promise<string> {
  world.write(name, tinyVm(name, { strategy: 'Always', ...vm }));
  const { status } = await world.untilStatus(name, 'Running');
  await world.untilConsole(name, 'UP');
  return status.instance?.uid ?? 'none';
}

/** Resolves when the daemon has taken notice of whatever was done to the file. */
export function untilNoticed(world: World, before: VmObject): Promise<VmObject | undefined> {
  const { name, resourceVersion } = before.metadata;
  return world.until(
    name,
    'was read anew',
    (vm) => vm?.metadata.resourceVersion !== resourceVersion,
  );
}

export function condition(vm: VmObject | undefined, type: string): Condition | undefined {
  return vm?.status.conditions.find((c) => c.type === type);
}

interface EventWords {
  readonly reason: string;
  readonly message: string;
}

async function eventsOf(world: World, name: string): Promise<readonly EventWords[]> {
  const path = `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${name}`;
  return (await world.api('GET', path)).body.items;
}

/** Reasons of the events about a VM, oldest first. */
export async function eventReasons(world: World, name: string): Promise<readonly string[]> {
  return (await eventsOf(world, name)).map(({ reason }) => reason);
}

/** Resolves with the first event about a VM that has this reason. */
export async function untilEvent(world: World, name: string, reason: string): Promise<EventWords> {
  for (const deadline = Date.now() + DEADLINE_MS; ; ) {
    const events = await eventsOf(world, name);
    const found = events.find((event) => event.reason === reason);
    if (found !== undefined) return found;
    if (Date.now() > deadline)
      throw new Error(`no event ${reason}, only ${events.map((event) => event.reason).join(', ')}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}
