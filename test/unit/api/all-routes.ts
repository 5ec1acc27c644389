import type { Route } from '../../../src/api/route.ts';
import { routes } from '../../../src/api/routes.ts';

/** Every route that a daemon serves, for tests that look at them and call none. */
export function allRoutes(): readonly Route[] {
  const deps = {
    supervisor: { board: {}, events: {}, namespaces: {}, node: {}, objects: {} },
    info: () => ({}),
    version: '1.2.3',
  };
  return routes(deps as unknown as Parameters<typeof routes>[0]);
}
