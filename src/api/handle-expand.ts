/**
 * KubeVirt's reads that need no guest: a VM with its instance type expanded, which is the VM as it is where there are no
 * instance types, and the objects that belong to a VM.
 */
import { parseManifests } from '../core/manifest/parse.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import { asObject } from '../core/model/json.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { SUBRESOURCES_API } from './contract-paths.ts';
import { findVm, identityOf, lookUp } from './handle-reads.ts';
import { renderInstance } from './render-instance.ts';
import { renderVm } from './render-vm.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import { look, type Route } from './route.ts';

/** The KubeVirt whose API this is. `virtctl version` reads it. */
const KUBEVIRT_VERSION = 'v1.9.0';

export function expandRoutes(supervisor: Supervisor, version: string): readonly Route[] {
  const sub = `${SUBRESOURCES_API}/namespaces/:namespace`;
  return [
    look(`${sub}/virtualmachines/:name/expand-spec`, (request) =>
      json(renderVm(findVm(supervisor, request))),
    ),
    { method: 'PUT', path: `${sub}/expand-vm-spec`, handle: expandVmSpec },
    look(`${sub}/virtualmachines/:name/objectgraph`, (request) => vmGraph(supervisor, request)),
    look(`${sub}/virtualmachineinstances/:name/objectgraph`, (request) =>
      instanceGraph(supervisor, request),
    ),
    look(`${SUBRESOURCES_API}/version`, () => json(kubevirtVersion(version))),
    look(`${SUBRESOURCES_API}/healthz`, () =>
      json({ apiserver: { connectivity: 'ok', version: kubevirtVersion(version) } }),
    ),
  ];
}

/** KubeVirt `version.Info`. */
function kubevirtVersion(version: string): object {
  return {
    gitVersion: `${KUBEVIRT_VERSION}+solovirt-${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  };
}

/** @throws ApiError 400 with a cause for each fault */
function expandVmSpec({ body, text, params }: ApiRequest): Reply {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || text.trim() === '')
    throw new ApiError('the body must be a VirtualMachine', { code: 400 });
  const vm = body as JsonObject;
  const { namespace } = asObject(vm['metadata']);
  if (namespace !== undefined && namespace !== null && namespace !== params['namespace'])
    throw new ApiError(
      `the VM is of the namespace ${JSON.stringify(namespace)}, the path of ${JSON.stringify(params['namespace'])}`,
      { code: 400 },
    );
  const causes = faultsOf(vm);
  if (causes.length > 0)
    throw new ApiError('Object is not a valid VirtualMachine', { code: 400, details: { causes } });
  return json(vm);
}

function faultsOf(vm: JsonObject): readonly { readonly field: string; readonly message: string }[] {
  // JSON is YAML, so that one check serves both.
  const { documents, problems } = parseManifests(JSON.stringify(named(vm)));
  const faults = [...problems, ...documents.flatMap((document) => document.problems)]
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => ({ field: path, message }));
  if (faults.length === 0 && documents.some(({ object }) => object !== undefined))
    return [{ field: 'kind', message: 'expected VirtualMachine' }];
  return faults;
}

/** KubeVirt expands a VM that has no name yet, too. */
function named(vm: JsonObject): JsonObject {
  const metadata = asObject(vm['metadata']);
  const name: Json = metadata['name'] ?? 'unnamed';
  return { ...vm, metadata: { ...metadata, name } };
}

function vmGraph(supervisor: Supervisor, request: ApiRequest): Reply {
  const { status } = renderVm(findVm(supervisor, request));
  const children = status.created ? [node('virtualmachineinstances', request)] : [];
  return json({ ...node('virtualmachines', request), ...(children.length > 0 && { children }) });
}

function instanceGraph(supervisor: Supervisor, request: ApiRequest): Reply {
  const snapshot = lookUp(supervisor, request);
  if (snapshot === undefined || renderInstance(snapshot) === undefined) {
    const { name } = identityOf(request);
    throw new ApiError(`virtualmachineinstances.kubevirt.io "${name}" not found`, { code: 404 });
  }
  return json(node('virtualmachineinstances', request));
}

/** KubeVirt `ObjectGraphNode`; its `kind` is the name of the resource. */
function node(kind: string, request: ApiRequest): object {
  const { namespace, name } = identityOf(request);
  return { objectReference: { apiGroup: 'kubevirt.io', kind, name, namespace } };
}
