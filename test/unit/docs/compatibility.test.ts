/** docs/compatibility.md and the rows that it is written from, against the routes and the types of the objects. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compatibilityPage } from '../../../scripts/lib/compatibility-page.ts';
import {
  HOST_STANDING,
  SUBRESOURCE_STANDING,
  VERB_STANDING,
} from '../../../src/api/compatibility.ts';
import type { Standing } from '../../../src/api/compatibility-standing.ts';
import { STATUS_STANDING } from '../../../src/api/compatibility-status.ts';
import { SUBRESOURCES_API } from '../../../src/api/contract-paths.ts';
import { VM_STATUS } from '../../../src/api/contract-schema.ts';
import { INSTANCE_STATUS } from '../../../src/api/contract-schema-instance.ts';
import { objectRoute } from '../../../src/api/openapi-operations.ts';
import { RESOURCES } from '../../../src/api/resources.ts';
import { allRoutes } from '../api/all-routes.ts';

const ROUTES = allRoutes();
const NAMESPACED = `${SUBRESOURCES_API}/namespaces/:namespace/`;
const ROWS = [
  ...SUBRESOURCE_STANDING.map((row) => ({ ...row, path: NAMESPACED + row.path })),
  ...HOST_STANDING.map((row) => ({ ...row, path: `${SUBRESOURCES_API}/${row.path}` })),
];
const OWN = /\/(logs|stats)$/;

function isThere({ is }: Standing): boolean {
  return is === 'works' || is === 'differs';
}

test('the page is what the generator writes: npm run generate', () => {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');
  expect(page).toBe(compatibilityPage());
});

test('a subresource that works has a route, any other a refusal', () => {
  for (const { method, path, standing } of ROWS) {
    const found = ROUTES.filter((route) => route.method === method && route.path === path);
    const answers = found.map(({ refusal }) => (refusal === true ? 'refuses' : 'serves'));
    const expected = isThere(standing) ? ['serves'] : ['refuses'];
    expect({ method, path, answers }).toEqual({ method, path, answers: expected });
  }
});

test('every route of a subresource has a row', () => {
  const known = new Set(ROWS.map(({ method, path }) => `${method} ${path}`));
  const without = ROUTES.filter(({ path }) => path.startsWith(`${SUBRESOURCES_API}/`))
    .filter(({ path }) => !OWN.test(path))
    .map(({ method, path }) => `${method} ${path}`)
    // What answers below instances answers below VMs as well.
    .filter((route) => !known.has(route.replace('/virtualmachines/', '/virtualmachineinstances/')))
    .filter((route) => !known.has(route));
  expect(without).toEqual([]);
});

test('a verb that works has a route and is told by discovery, and no other', () => {
  for (const [plural, verbs] of Object.entries(VERB_STANDING)) {
    const row = RESOURCES.find((candidate) => candidate.plural === plural);
    const routed = ROUTES.filter(({ refusal }) => refusal !== true)
      .map(objectRoute)
      .filter((found) => found?.row === row);
    const there = new Set([...routed.map((found) => found?.verb), 'watch']);
    for (const [verb, standing] of Object.entries(verbs)) {
      expect({ plural, verb, there: there.has(verb) }).toEqual({
        plural,
        verb,
        there: isThere(standing),
      });
      expect(
        row?.verbs.some((told) => told === verb),
        `${verb} ${plural} in resources.ts`,
      ).toBe(isThere(standing));
    }
  }
});

test.each([
  ['VirtualMachineStatus', VM_STATUS],
  ['VirtualMachineInstanceStatus', INSTANCE_STATUS],
] as const)('a field of %s that works is one of the type, and no other', (name, type) => {
  const own = Object.entries(type.fields).filter(([, { note }]) => note === 'own');
  const fields = Object.keys(type.fields).filter(
    (field) => !own.some(([known]) => known === field),
  );
  const there = Object.entries(STATUS_STANDING[name]).filter(([, standing]) => isThere(standing));
  expect(there.map(([field]) => field).toSorted()).toEqual(fields.toSorted());
});

const SCHEMA = new URL('../../../../shared/reference/kubevirt-schema.json', import.meta.url);
test.skipIf(!existsSync(SCHEMA))('every field of KubeVirt has a row', () => {
  const { definitions } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
    definitions: Record<string, { properties: object }>;
  };
  for (const [name, rows] of Object.entries(STATUS_STANDING))
    expect(Object.keys(rows).toSorted(), name).toEqual(
      Object.keys(definitions[`v1.${name}`]?.properties ?? {}).toSorted(),
    );
});
