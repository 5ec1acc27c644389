/** The paths of KubeVirt's verbs as discovery names them: `virtualmachines/start`, `virtualmachineinstances/vnc/screenshot`. */
import type { Route } from './route.ts';

export const VERBS_GROUP = 'subresources.kubevirt.io';

const BELOW = `/apis/${VERBS_GROUP}/v1/namespaces/:namespace/`;

/** Each once, in the order of the routes; none that is only refused. Pure. */
export function verbPathsOf(rows: readonly Route[]): readonly string[] {
  const served = rows.filter(({ path, refusal }) => path.startsWith(BELOW) && refusal !== true);
  const names = served.map(({ path }) => path.slice(BELOW.length).replaceAll(/\/:\w+/g, ''));
  return [...new Set(names)];
}
