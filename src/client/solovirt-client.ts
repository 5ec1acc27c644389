/**
 * The daemon, for scripts: calls, watches and waits over its socket. Documented in docs/client.md.
 */
import type { InstanceObject, VmObject } from '../api/contract.ts';
import type { EventObject } from '../api/contract-event.ts';
import type { HostInfo } from '../api/contract-host.ts';
import type { ObjectList } from '../api/contract-meta.ts';
import type {
  InstanceVerb,
  RestartOptions as RestartBody,
  StartOptions as StartBody,
  StopOptions as StopBody,
  VmVerb,
} from '../api/contract-options.ts';
import { instanceSubresourcePath, logsPath, vmSubresourcePath } from '../api/contract-paths.ts';
import type { RunList } from '../api/contract-runs.ts';
import type {
  CommandOptions,
  LogOptions,
  Scope,
  StartOptions,
  StopOptions,
  VmCondition,
  WaitOptions,
  WatchOptions,
} from './call-options.ts';
import {
  type Client,
  eventsPath,
  getInfo,
  getRuns,
  getVm,
  instancesPath,
  type ListQuery,
  listEvents,
  listVms,
  vmsPath,
  withQuery,
} from './client.ts';
import { type Connection, type ConnectOptions, connectionTo } from './connection.ts';
import { ApiError, DeadlineError, InterruptedError } from './errors.ts';
import { follow } from './follow.ts';
import { isEvent, isInstance, isListOf, isVm } from './guards.ts';
import type { ClientSettings } from './settings.ts';
import { toIdentity, type VmName } from './vm-name.ts';
import { type ObjectChange, watchObjects } from './watch-objects.ts';
import {
  type CreateOptions,
  createVm,
  type DeleteOptions,
  deleteVm,
  patchVm,
  type WriteOptions,
} from './write-vms.ts';

const DEFAULT_ABSENCE_MS = 60_000;

/** Holds no connection: each call has one of its own, so there is nothing to close. */
export class SolovirtClient {
  readonly #client: Client;
  readonly #settings: ClientSettings;
  /** The socket that is talked to. */
  readonly socketPath: string;

  private constructor({ client, settings, socketPath }: Connection) {
    this.#client = client;
    this.#settings = settings;
    this.socketPath = socketPath;
  }

  /**
   * A client whose daemon has answered.
   * @throws NoDaemonError when nobody listens there, SocketForbiddenError when this user may not
   */
  static async connect(options: ConnectOptions = {}): Promise<SolovirtClient> {
    const client = new SolovirtClient(connectionTo(options));
    await client.info();
    return client;
  }

  /** What the daemon runs with. */
  info(): Promise<HostInfo> {
    return getInfo(this.#client);
  }

  listVms(scope: Scope = {}): Promise<ObjectList<VmObject>> {
    return listVms(this.#client, scope.namespace, queryOf(scope));
  }

  /** @throws ApiError 404 when there is none of that name */
  getVm(vm: VmName): Promise<VmObject> {
    return getVm(this.#client, toIdentity(vm));
  }

  /** What is there, then each change, over the ends of connections and restarts of the daemon. */
  watchVms(options: WatchOptions = {}): AsyncGenerator<ObjectChange<VmObject>> {
    return this.#watch(vmsPath(options.namespace), isVm, options);
  }

  listInstances(scope: Scope = {}): Promise<ObjectList<InstanceObject>> {
    const path = withQuery(instancesPath(scope.namespace), queryOf(scope));
    return this.#client.get(path, isListOf(isInstance));
  }

  /** @throws ApiError 404 when the VM does not run */
  getInstance(vm: VmName): Promise<InstanceObject> {
    const { namespace, name } = toIdentity(vm);
    return this.#client.get(`${instancesPath(namespace)}/${encodeURIComponent(name)}`, isInstance);
  }

  watchInstances(options: WatchOptions = {}): AsyncGenerator<ObjectChange<InstanceObject>> {
    return this.#watch(instancesPath(options.namespace), isInstance, options);
  }

  /** From a manifest, as YAML with its comments or as an object; its file is made in the VM directory. */
  create(manifest: string | object, options: CreateOptions = {}): Promise<VmObject> {
    return createVm(this.#client, manifest, options);
  }

  /** A JSON merge patch (RFC 7386): what is named is changed in the VM's file, `null` takes a field away. */
  patch(vm: VmName, patch: object, options: WriteOptions = {}): Promise<VmObject> {
    return patchVm(this.#client, toIdentity(vm), patch, options);
  }

  /** Takes the VM out of its file. Resolves before its guest is down; `waitFor` waits until it is gone. */
  delete(vm: VmName, options: DeleteOptions = {}): Promise<void> {
    return deleteVm(this.#client, toIdentity(vm), options);
  }

  /** Commands resolve once the daemon has recorded the wish; `waitFor` waits for its effect. @throws ApiError */
  start(vm: VmName, { paused, dryRun }: StartOptions = {}): Promise<void> {
    const body: StartBody = { ...(paused !== undefined && { paused }), ...rehearsal(dryRun) };
    return this.#command(vm, 'start', body);
  }

  stop(vm: VmName, { gracePeriodSeconds: gracePeriod, dryRun }: StopOptions = {}): Promise<void> {
    const grace = gracePeriod !== undefined && { gracePeriod };
    const body: StopBody = { ...grace, ...rehearsal(dryRun) };
    return this.#command(vm, 'stop', body);
  }

  /** Stops the instance and starts a new one, from the file as it is now. */
  restart(vm: VmName, { gracePeriodSeconds, dryRun }: StopOptions = {}): Promise<void> {
    const grace = gracePeriodSeconds !== undefined && { gracePeriodSeconds };
    const body: RestartBody = { ...grace, ...rehearsal(dryRun) };
    return this.#command(vm, 'restart', body);
  }

  pause(vm: VmName, options: CommandOptions = {}): Promise<void> {
    return this.#instanceCommand(vm, 'pause', options);
  }

  unpause(vm: VmName, options: CommandOptions = {}): Promise<void> {
    return this.#instanceCommand(vm, 'unpause', options);
  }

  /** The reset button. */
  reset(vm: VmName, options: CommandOptions = {}): Promise<void> {
    return this.#instanceCommand(vm, 'reset', options);
  }

  softReboot(vm: VmName, options: CommandOptions = {}): Promise<void> {
    return this.#instanceCommand(vm, 'softreboot', options);
  }

  /** Every run on record that has ended, newest first, with its evidence. */
  runs(vm: VmName): Promise<RunList> {
    return getRuns(this.#client, toIdentity(vm));
  }

  /** Text as it was written, in pieces of any length. */
  async *logs(vm: VmName, options: LogOptions = {}): AsyncGenerator<string> {
    const { stream = 'console', tail, follow: endless = false, run, signal } = options;
    const { namespace, name } = toIdentity(vm);
    const path = withQuery(logsPath(namespace, name), {
      stream,
      ...(tail !== undefined && { tail: `${tail}` }),
      ...(run !== undefined && { run }),
      ...(endless && { follow: '1' }),
    });
    try {
      yield* await this.#client.stream(path, { endless, ...(signal && { signal }) });
    } catch (error) {
      if (!(error instanceof InterruptedError && signal?.aborted)) throw error;
    }
  }

  listEvents(scope: Scope = {}): Promise<ObjectList<EventObject>> {
    return listEvents(this.#client, scope.namespace, queryOf(scope));
  }

  watchEvents(options: WatchOptions = {}): AsyncGenerator<ObjectChange<EventObject>> {
    return this.#watch(eventsPath(options.namespace), isEvent, options);
  }

  /**
   * The VM as soon as the condition holds, at once if it does already; undefined when what was waited for is that it is
   * gone. The daemon may be restarted meanwhile.
   * @throws DeadlineError, InterruptedError
   */
  async waitFor(
    vm: VmName,
    condition: VmCondition,
    { deadlineMs, signal }: WaitOptions,
  ): Promise<VmObject | undefined> {
    const id = toIdentity(vm);
    const deadline = AbortSignal.timeout(deadlineMs);
    const either = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
    const holds = predicateOf(condition);
    let last: VmObject | undefined;
    const source = {
      path: vmsPath(id.namespace),
      query: { fieldSelector: `metadata.name=${id.name}` },
      guard: isVm,
      signal: either,
      absenceMs: deadlineMs,
    };
    for await (const change of follow(this.#settings, this.#client, source)) {
      last = change.type === 'listed' ? change.list.items[0] : change.object;
      if (change.type === 'deleted') last = undefined;
      if (holds(last)) return last;
    }
    if (!deadline.aborted) throw new InterruptedError(`no longer waiting for ${id.name}`);
    throw new DeadlineError(
      `${id.namespace}/${id.name} is ${last?.status.printableStatus ?? 'not there'} after ${deadlineMs / 1000} s, which is not what was waited for`,
      { hint: `\`solovirt describe ${id.namespace}/${id.name}\` shows how far it is.` },
    );
  }

  #watch<T extends VmObject | InstanceObject | EventObject>(
    path: string,
    guard: (value: unknown) => value is T,
    { signal, absenceMs = DEFAULT_ABSENCE_MS, ...scope }: WatchOptions,
  ): AsyncGenerator<ObjectChange<T>> {
    const source = { path, guard, query: queryOf(scope), absenceMs, ...(signal && { signal }) };
    return watchObjects(follow(this.#settings, this.#client, source));
  }

  #command(vm: VmName, verb: VmVerb, body: object): Promise<void> {
    const { namespace, name } = toIdentity(vm);
    return this.#client.put(vmSubresourcePath(namespace, name, verb), body);
  }

  #instanceCommand(vm: VmName, verb: InstanceVerb, { dryRun }: CommandOptions): Promise<void> {
    const { namespace, name } = toIdentity(vm);
    return this.#client.put(instanceSubresourcePath(namespace, name, verb), rehearsal(dryRun));
  }
}

function rehearsal(dryRun = false): { readonly dryRun?: readonly ['All'] } {
  return dryRun ? { dryRun: ['All'] } : {};
}

function predicateOf(condition: VmCondition): (vm: VmObject | undefined) => boolean {
  return typeof condition === 'function'
    ? condition
    : (vm) => vm?.status.printableStatus === condition;
}

function queryOf({ labelSelector, fieldSelector }: Scope): ListQuery {
  return {
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
}

/** Whether the daemon refused because there is no such object. */
export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status.code === 404;
}
