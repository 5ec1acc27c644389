/**
 * The daemon's API as calls: JSON in, checked objects out, refusals as `ApiError`.
 */
import type { InstanceObject, VmObject } from '../api/contract.ts';
import type { EventObject } from '../api/contract-event.ts';
import type { HostInfo } from '../api/contract-host.ts';
import type { ObjectList, StatusObject } from '../api/contract-meta.ts';
import { CORE_API, KUBEVIRT_API, runsPath, SOLOVIRT_API, vmPath } from '../api/contract-paths.ts';
import { PREFLIGHT_PATH, type PreflightReport } from '../api/contract-preflight.ts';
import type { RunList } from '../api/contract-runs.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { ApiError, NoDaemonError, SocketForbiddenError, UnexpectedAnswerError } from './errors.ts';
import {
  isEvent,
  isHostInfo,
  isInstance,
  isListOf,
  isPreflightReport,
  isRunList,
  isStatus,
  isVm,
} from './guards.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { sendRequest } from './http.ts';
import type { ClientSettings } from './settings.ts';

export interface Client {
  /** GET of a JSON object that `guard` accepts. @throws ApiError when refused */
  get<T>(path: string, guard: (value: unknown) => value is T): Promise<T>;
  /** PUT with a JSON body; the answer's body is not looked at. @throws ApiError when refused */
  put(path: string, body: object): Promise<void>;
  /** DELETE without a body. @throws ApiError when refused */
  delete(path: string): Promise<void>;
  /** A request that changes something; gives what was answered as JSON. @throws ApiError when refused */
  change(request: Change): Promise<unknown>;
  /** GET of a body in chunks, without an end if `endless`. @throws ApiError when refused */
  stream(path: string, options: StreamOptions): Promise<AsyncIterable<string>>;
}

export type Change = Omit<HttpRequest, 'patience' | 'signal'>;

interface StreamOptions {
  readonly endless: boolean;
  readonly signal?: AbortSignal;
}

/** @param readonlyPath read over this socket where the other one is not for this user, and this one is */
export function createClient(
  settings: ClientSettings,
  socketPath: string,
  readonlyPath?: string,
): Client {
  const read = reader(settings, socketPath, readonlyPath);
  const change = async (request: Change): Promise<unknown> => {
    const answer = await sendRequest(settings, socketPath, { ...request, patience: 'whole' });
    const text = await readAll(answer);
    const value = parseJson(text);
    if (answer.code >= 400) throw refusal(answer.code, text);
    return value;
  };
  return {
    async get(path, guard) {
      const answer = await read({ method: 'GET', path, patience: 'whole' });
      const text = await readAll(answer);
      const value = parseJson(text);
      if (answer.code >= 400) throw refusal(answer.code, text);
      return accepted(value, path, guard);
    },
    async put(path, body) {
      await change({ method: 'PUT', path, body: JSON.stringify(body) });
    },
    async delete(path) {
      await change({ method: 'DELETE', path });
    },
    change,
    async stream(path, { endless, signal }) {
      const patience = endless ? 'endless' : 'silence';
      const request = { method: 'GET', path, patience, ...(signal && { signal }) } as const;
      const answer = await read(request);
      if (answer.code < 400) return answer.body;
      const text = await readAll(answer);
      throw refusal(answer.code, text);
    },
  };
}

function reader(
  settings: ClientSettings,
  socketPath: string,
  readonlyPath: string | undefined,
): (request: HttpRequest) => Promise<HttpAnswer> {
  let path = socketPath;
  return async (request) => {
    try {
      return await sendRequest(settings, path, request);
    } catch (error) {
      const mayLook = error instanceof SocketForbiddenError && path === socketPath;
      if (!mayLook || readonlyPath === undefined) throw error;
      const answer = await sendRequest(settings, readonlyPath, request).catch((second: unknown) => {
        throw second instanceof NoDaemonError ? error : second;
      });
      path = readonlyPath;
      return answer;
    }
  };
}

/** @throws UnexpectedAnswerError */
function accepted<T>(value: unknown, path: string, guard: (value: unknown) => value is T): T {
  if (guard(value)) return value;
  throw new UnexpectedAnswerError(
    `the daemon's answer to ${path} is not what this client expects`,
    {
      hint: 'Are the client and the daemon of the same version? See `solovirt --version` and `solovirt info`.',
    },
  );
}

async function readAll(answer: HttpAnswer): Promise<string> {
  let text = '';
  for await (const chunk of answer.body) text += chunk;
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer of this code and body says. */
export function refusal(code: number, text: string): ApiError {
  const value = parseJson(text);
  return new ApiError(isStatus(value) ? value : statusFromText(code, text));
}

function statusFromText(code: number, text: string): StatusObject {
  const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`;
  const message = `the daemon answered with HTTP status ${code}${said}`;
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', message, code };
}

/** Undefined stands for all namespaces. */
export type NamespaceScope = string | undefined;

export function vmsPath(namespace: NamespaceScope): string {
  return `${KUBEVIRT_API}${scoped(namespace)}/virtualmachines`;
}

export function instancesPath(namespace: NamespaceScope): string {
  return `${KUBEVIRT_API}${scoped(namespace)}/virtualmachineinstances`;
}

export function eventsPath(namespace: NamespaceScope): string {
  return `${CORE_API}${scoped(namespace)}/events`;
}

/** The path with its query, if there is any. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}

function scoped(namespace: NamespaceScope): string {
  return namespace === undefined ? '' : `/namespaces/${namespace}`;
}

export function getVm(client: Client, { namespace, name }: VmIdentity): Promise<VmObject> {
  return client.get(vmPath(namespace, name), isVm);
}

export function getInstance(
  client: Client,
  { namespace, name }: VmIdentity,
): Promise<InstanceObject> {
  return client.get(`${instancesPath(namespace)}/${encodeURIComponent(name)}`, isInstance);
}

/** Of a list: `labelSelector` and `fieldSelector`, as Kubernetes has them. */
export type ListQuery = Readonly<Record<string, string>>;

export function listVms(
  client: Client,
  namespace: NamespaceScope,
  query: ListQuery = {},
): Promise<ObjectList<VmObject>> {
  return client.get(withQuery(vmsPath(namespace), query), isListOf(isVm));
}

export function listEvents(
  client: Client,
  namespace: NamespaceScope,
  query: ListQuery = {},
): Promise<ObjectList<EventObject>> {
  return client.get(withQuery(eventsPath(namespace), query), isListOf(isEvent));
}

export function getRuns(client: Client, { namespace, name }: VmIdentity): Promise<RunList> {
  return client.get(runsPath(namespace, name), isRunList);
}

/** What the daemon's host would say of the VMs of a file. */
export async function postPreflight(client: Client, body: string): Promise<PreflightReport> {
  const path = PREFLIGHT_PATH;
  const answer = await client.change({
    method: 'POST',
    path,
    body,
    contentType: 'application/yaml',
  });
  return accepted(answer, path, isPreflightReport);
}

export function getInfo(client: Client): Promise<HostInfo> {
  return client.get(`${SOLOVIRT_API}/info`, isHostInfo);
}
