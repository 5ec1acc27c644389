/**
 * Discovery: what kinds there are, as `kubectl` and client libraries ask before anything else. In both forms: one
 * document for each group version (`metav1.APIGroupList`, `APIResourceList`), and all in one
 * (`apidiscovery.k8s.io/v2` `APIGroupDiscoveryList`), chosen by the Accept header. Pure.
 */
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';
import { OTHER_GROUPS, RESOURCES, type ResourceRow, type SubresourceRow } from './resources.ts';
import { look, type Route } from './route.ts';
import { VERBS_GROUP, verbPathsOf } from './verb-paths.ts';

/** @param rows every other route */
export function discoveryRoutes(rows: readonly Route[]): readonly Route[] {
  const verbPaths = verbPathsOf(rows);
  return [
    look('/api', coreVersions),
    look('/apis', (request) => groupList(request, verbPaths)),
    look('/apis/:group', ({ params }) => groupOf(params['group'] ?? '') ?? noSuchGroup(params)),
    look(
      '/apis/:group/:version',
      ({ params }) =>
        resourceList(params['group'] ?? '', params['version'] ?? '', verbPaths) ??
        noSuchGroup(params),
    ),
    look(
      '/api/:version',
      ({ params }) => resourceList('', params['version'] ?? '', verbPaths) ?? noSuchGroup(params),
    ),
  ];
}

function noSuchGroup({ group, version }: Readonly<Record<string, string>>): never {
  const name = [group, version].filter((part) => part !== undefined).join('/');
  throw new ApiError(`the server could not find the requested resource: API group ${name}`, {
    code: 404,
  });
}

interface Group {
  readonly group: string;
  readonly versions: readonly string[];
}

/** Every group but the core one, which has paths of its own. */
function namedGroups(): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { group, versions } of [...RESOURCES, ...OTHER_GROUPS])
    if (group !== '') groups.set(group, { group, versions });
  return [...groups.values()];
}

function rowsOf(group: string, version: string): readonly ResourceRow[] {
  return RESOURCES.filter((row) => row.group === group && row.versions.includes(version));
}

/** GET /api: the versions of the core group. */
function coreVersions(request: ApiRequest): Reply {
  const aggregated = aggregatedVersion(request);
  if (aggregated !== undefined)
    return discoveryList([{ group: '', versions: ['v1'] }], aggregated, []);
  return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
}

/** GET /apis: the named groups. */
function groupList(request: ApiRequest, verbPaths: readonly string[]): Reply {
  const aggregated = aggregatedVersion(request);
  if (aggregated !== undefined) return discoveryList(namedGroups(), aggregated, verbPaths);
  return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups().map(apiGroup) });
}

/** GET /apis/GROUP; undefined for a group that is not there. */
function groupOf(group: string): Reply | undefined {
  const found = namedGroups().find((candidate) => candidate.group === group);
  return found && json({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(found) });
}

/** GET /apis/GROUP/VERSION and /api/v1; undefined for a version that is not there. */
function resourceList(
  group: string,
  version: string,
  verbPaths: readonly string[],
): Reply | undefined {
  const known =
    group === ''
      ? version === 'v1'
      : namedGroups().some((g) => g.group === group && g.versions.includes(version));
  if (!known) return undefined;
  const groupVersion = group === '' ? version : `${group}/${version}`;
  const resources = rowsOf(group, version).flatMap((row) => [
    apiResource(row),
    ...row.subresources.map((sub) => apiSubresource(row, sub)),
  ]);
  if (group === VERBS_GROUP) resources.push(...verbPaths.map(apiVerbPath));
  return json({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources });
}

function apiGroup({ group, versions }: Group): object {
  const all = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

function apiResource(row: ResourceRow): object {
  return {
    name: row.plural,
    singularName: row.singular,
    namespaced: row.namespaced,
    kind: row.kind,
    verbs: row.verbs,
    ...(row.shortNames.length === 0 ? {} : { shortNames: row.shortNames }),
    ...(row.categories.length === 0 ? {} : { categories: row.categories }),
  };
}

function apiSubresource(row: ResourceRow, { name, kind, verbs }: SubresourceRow): object {
  return {
    name: `${row.plural}/${name}`,
    singularName: '',
    namespaced: row.namespaced,
    kind,
    verbs,
  };
}

/** As KubeVirt lists them: without a kind and without verbs, for they are no objects. */
function apiVerbPath(name: string): object {
  return { name, singularName: '', namespaced: true, kind: '', verbs: [] };
}

/** Which of `apidiscovery.k8s.io`'s versions the client can read, if it asks for the aggregated form at all. */
function aggregatedVersion({ accept }: ApiRequest): 'v2' | 'v2beta1' | undefined {
  const asked = accept
    .split(',')
    .filter((type) => type.includes('as=APIGroupDiscoveryList'))
    .map((type) => /;\s*v=(v2beta1|v2)\b/.exec(type)?.[1]);
  if (asked.includes('v2')) return 'v2';
  return asked.includes('v2beta1') ? 'v2beta1' : undefined;
}

function discoveryList(
  groups: readonly Group[],
  version: 'v2' | 'v2beta1',
  verbPaths: readonly string[],
): Reply {
  const items = groups.map(({ group, versions }) => ({
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: versions.map((v) => ({
      version: v,
      freshness: 'Current',
      resources:
        group === VERBS_GROUP
          ? verbDiscovery(verbPaths)
          : rowsOf(group, v).map((row) => discoveryResource(row, v)),
    })),
  }));
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  return {
    ...json({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items,
    }),
    contentType,
  };
}

function discoveryResource(row: ResourceRow, version: string): object {
  const responseKind = (kind: string): object => ({ group: row.group, version, kind });
  return {
    resource: row.plural,
    responseKind: responseKind(row.kind),
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length === 0 ? {} : { shortNames: row.shortNames }),
    ...(row.categories.length === 0 ? {} : { categories: row.categories }),
    ...(row.subresources.length === 0
      ? {}
      : {
          subresources: row.subresources.map(({ name, kind, verbs }) => ({
            subresource: name,
            responseKind: responseKind(kind),
            verbs,
          })),
        }),
  };
}

/** A kind that is not told is one without a name: clients fail on one that is absent (kubernetes/kubernetes#118361). */
const NO_KIND = { group: '', version: '', kind: '' };

/** What the API server of a cluster makes of KubeVirt's list: the part before the first slash is the resource. */
function verbDiscovery(verbPaths: readonly string[]): readonly object[] {
  const names = new Map<string, string[]>();
  for (const path of verbPaths) {
    const [resource = '', ...rest] = path.split('/');
    const below = names.get(resource) ?? [];
    if (rest.length > 0) below.push(rest.join('/'));
    names.set(resource, below);
  }
  return [...names].map(([resource, below]) => ({
    resource,
    responseKind: NO_KIND,
    scope: 'Namespaced',
    singularResource: '',
    verbs: [],
    ...(below.length === 0
      ? {}
      : {
          subresources: below.map((subresource) => ({
            subresource,
            responseKind: NO_KIND,
            verbs: [],
          })),
        }),
  }));
}
