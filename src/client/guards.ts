/**
 * Whether an answer is what the contract says, as far as the client relies on it.
 */
import type { InstanceObject, VmObject } from '../api/contract.ts';
import type { EventObject } from '../api/contract-event.ts';
import type { HostInfo } from '../api/contract-host.ts';
import type { ObjectList, StatusObject, WatchEvent } from '../api/contract-meta.ts';
import type { PreflightReport } from '../api/contract-preflight.ts';
import type { RunList } from '../api/contract-runs.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A nested field, or undefined as soon as one is missing on the way. */
function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isFields(found) ? found[key] : undefined), value);
}

function isNamed(value: unknown): boolean {
  return (
    typeof at(value, 'metadata', 'name') === 'string' &&
    typeof at(value, 'metadata', 'namespace') === 'string'
  );
}

export function isVm(value: unknown): value is VmObject {
  return (
    at(value, 'kind') === 'VirtualMachine' &&
    isNamed(value) &&
    isFields(at(value, 'spec')) &&
    typeof at(value, 'status', 'printableStatus') === 'string' &&
    Array.isArray(at(value, 'status', 'conditions')) &&
    Array.isArray(at(value, 'status', 'runHistory'))
  );
}

export function isInstance(value: unknown): value is InstanceObject {
  return (
    at(value, 'kind') === 'VirtualMachineInstance' &&
    isNamed(value) &&
    typeof at(value, 'status', 'phase') === 'string'
  );
}

export function isEvent(value: unknown): value is EventObject {
  return (
    at(value, 'kind') === 'Event' &&
    isNamed(value) &&
    typeof at(value, 'involvedObject', 'name') === 'string' &&
    typeof at(value, 'message') === 'string'
  );
}

export function isListOf<T>(
  guard: (value: unknown) => value is T,
): (value: unknown) => value is ObjectList<T> {
  return (value): value is ObjectList<T> => {
    const items = at(value, 'items');
    const version = at(value, 'metadata', 'resourceVersion');
    return (
      typeof version === 'string' && Array.isArray(items) && items.every((item) => guard(item))
    );
  };
}

export function isRunList(value: unknown): value is RunList {
  const items = at(value, 'items');
  return (
    Array.isArray(items) && items.every((item) => typeof at(item, 'verdict', 'reason') === 'string')
  );
}

export function isHostInfo(value: unknown): value is HostInfo {
  return (
    at(value, 'kind') === 'HostInfo' &&
    isFields(at(value, 'qemu')) &&
    isFields(at(value, 'accelerator')) &&
    isFields(at(value, 'directories')) &&
    isFields(at(value, 'counts')) &&
    Array.isArray(at(value, 'warnings'))
  );
}

export function isPreflightReport(value: unknown): value is PreflightReport {
  const problems = at(value, 'problems');
  return (
    at(value, 'kind') === 'PreflightReport' &&
    Array.isArray(at(value, 'running')) &&
    Array.isArray(problems) &&
    problems.every((problem) => typeof at(problem, 'line') === 'number')
  );
}

export function isStatus(value: unknown): value is StatusObject {
  return at(value, 'kind') === 'Status' && typeof at(value, 'message') === 'string';
}

const WATCH_TYPES: readonly unknown[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'];

/** One line of a watch stream; its object is still to be checked. */
export function isWatchEvent(value: unknown): value is WatchEvent<unknown> {
  return WATCH_TYPES.includes(at(value, 'type')) && isFields(at(value, 'object'));
}
