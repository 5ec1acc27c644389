/**
 * What KubeVirt can do and solovirt cannot is answered in words: 405, Kubernetes' code for a verb that a resource does
 * not know, where a single host has nothing like it, 501 where it is only not built. Clients show the message of either
 * and do not try again.
 */
import { HOST_STANDING, SUBRESOURCE_STANDING, type SubresourceStanding } from './compatibility.ts';
import { SUBRESOURCES_API } from './contract-paths.ts';
import { ApiError } from './reply.ts';
import type { Route } from './route.ts';

/** One route for each row of what is not here. They come last, so that any other route for the same path wins. */
export function notHereRoutes(): readonly Route[] {
  return [
    ...routesOf(SUBRESOURCE_STANDING, `${SUBRESOURCES_API}/namespaces/:namespace/`),
    ...routesOf(HOST_STANDING, `${SUBRESOURCES_API}/`),
  ];
}

function routesOf(rows: readonly SubresourceStanding[], base: string): readonly Route[] {
  return rows.flatMap(({ method, path, standing }) => {
    if (standing.is !== 'not-here' && standing.is !== 'not-yet') return [];
    const [kind = '', ...rest] = path.split('/');
    const verb = rest.length > 1 ? rest.slice(1).join('/') : kind;
    const { why } = standing;
    const fault =
      standing.is === 'not-here'
        ? { code: 405, message: `${verb} is not possible here: ${why}` }
        : { code: 501, message: `${verb} is not there yet: ${why}` };
    const handle: Route['handle'] = ({ params: { name } }) => {
      throw new ApiError(fault.message, {
        code: fault.code,
        ...(name !== undefined && { details: { name, group: 'kubevirt.io', kind } }),
      });
    };
    return [{ method, path: base + path, handle, refusal: true }];
  });
}
