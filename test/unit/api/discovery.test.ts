import { expect, test } from 'vitest';
import type { ApiRequest } from '../../../src/api/reply.ts';
import { match } from '../../../src/api/router.ts';
import { allRoutes } from './all-routes.ts';

const ROUTES = allRoutes();

interface Listed {
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

interface Discovered {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly {
        readonly resource: string;
        readonly responseKind: object;
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

async function get(path: string, accept = 'application/json'): Promise<unknown> {
  const found = match(ROUTES, 'GET', path);
  if (found.kind !== 'route') throw new Error(`${path}: ${found.kind}`);
  const reply = await found.route.handle({ accept, params: found.params } as unknown as ApiRequest);
  if (reply.kind !== 'json') throw new Error(`${path}: ${reply.kind}`);
  return reply.body;
}

test.for(['v1', 'v1alpha3'])(
  'subresources.kubevirt.io/%s lists the verbs that are served',
  async (version) => {
    const { resources } = (await get(`/apis/subresources.kubevirt.io/${version}`)) as Listed;
    const names = resources.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    for (const name of [
      'expand-vm-spec',
      'virtualmachines/start',
      'virtualmachines/portforward',
      'virtualmachineinstances/vnc/screenshot',
      'virtualmachineinstances/guestosinfo',
      'virtualmachineinstances/pause',
    ])
      expect(names).toContain(name);
    // It is answered, but only to be refused.
    expect(names).not.toContain('virtualmachines/migrate');
    expect(resources[0]).toEqual({
      name: names[0],
      singularName: '',
      namespaced: true,
      kind: '',
      verbs: [],
    });
  },
);

test('the aggregated form has the same verbs, and those of no other group', async () => {
  const { resources } = (await get('/apis/subresources.kubevirt.io/v1')) as Listed;
  const { items } = (await get(
    '/apis',
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  )) as Discovered;
  const group = items.find(({ metadata }) => metadata.name === 'subresources.kubevirt.io');
  expect(group?.versions.map(({ version }) => version)).toEqual(['v1', 'v1alpha3']);
  for (const { resources: found } of group?.versions ?? []) {
    const names = found.flatMap(({ resource, subresources }) =>
      subresources === undefined
        ? [resource]
        : subresources.map(({ subresource }) => `${resource}/${subresource}`),
    );
    expect(names.toSorted()).toEqual(resources.map(({ name }) => name).toSorted());
    expect(found[0]?.responseKind).toEqual({ group: '', version: '', kind: '' });
  }
  const own = items.find(({ metadata }) => metadata.name === 'solovirt.io');
  expect(own?.versions[0]?.resources).toEqual([]);
});
