/** The paths that reach into a guest. None is for the read-only socket. */
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { GuestSubresource } from './contract-guest.ts';
import { freeze, readGuest, unfreeze } from './handle-guest.ts';
import type { Route } from './route.ts';

const READS: readonly GuestSubresource[] = ['guestosinfo', 'userlist', 'filesystemlist'];
const KINDS = ['virtualmachineinstances', 'virtualmachines'] as const;

export function guestRoutes(supervisor: Supervisor): readonly Route[] {
  return KINDS.flatMap((kind) => {
    const base = `/apis/subresources.kubevirt.io/v1/namespaces/:namespace/${kind}/:name`;
    return [
      ...READS.map(
        (what): Route => ({
          method: 'GET',
          path: `${base}/${what}`,
          handle: (request) => readGuest(supervisor, what, request),
        }),
      ),
      { method: 'PUT', path: `${base}/freeze`, handle: (request) => freeze(supervisor, request) },
      {
        method: 'PUT',
        path: `${base}/unfreeze`,
        handle: (request) => unfreeze(supervisor, request),
      },
    ];
  });
}
