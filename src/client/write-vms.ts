/** Creating, changing and deleting VMs: the daemon writes their files. */
import type { VmObject } from '../api/contract.ts';
import { vmPath } from '../api/contract-paths.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { type Change, type Client, vmsPath, withQuery } from './client.ts';
import { UnexpectedAnswerError } from './errors.ts';
import { isVm } from './guards.ts';

export interface WriteOptions {
  /** Check everything, change nothing. */
  readonly dryRun?: boolean;
}
export interface CreateOptions extends WriteOptions {
  /** Must be that of the manifest, where it names one; `default` unless given. */
  readonly namespace?: string;
}
export interface DeleteOptions extends WriteOptions {
  /** How long the guest may take to shut down, instead of the VM's own grace period; 0 forces it off. */
  readonly gracePeriodSeconds?: number;
}

export function createVm(
  client: Client,
  manifest: string | object,
  { namespace = 'default', dryRun }: CreateOptions,
): Promise<VmObject> {
  const isText = typeof manifest === 'string';
  return changed(client, {
    method: 'POST',
    path: withQuery(vmsPath(namespace), rehearsal(dryRun)),
    body: isText ? manifest : JSON.stringify(manifest),
    contentType: isText ? 'application/yaml' : 'application/json',
  });
}

export function patchVm(
  client: Client,
  { namespace, name }: VmIdentity,
  patch: object,
  { dryRun }: WriteOptions,
): Promise<VmObject> {
  return changed(client, {
    method: 'PATCH',
    path: withQuery(vmPath(namespace, name), rehearsal(dryRun)),
    body: JSON.stringify(patch),
    contentType: 'application/merge-patch+json',
  });
}

export async function deleteVm(
  client: Client,
  { namespace, name }: VmIdentity,
  { dryRun, gracePeriodSeconds: grace }: DeleteOptions,
): Promise<void> {
  const gracePeriod = grace === undefined ? {} : { gracePeriodSeconds: `${grace}` };
  const query = { ...rehearsal(dryRun), ...gracePeriod };
  await client.change({ method: 'DELETE', path: withQuery(vmPath(namespace, name), query) });
}

async function changed(client: Client, change: Change): Promise<VmObject> {
  const answer = await client.change(change);
  if (isVm(answer)) return answer;
  throw new UnexpectedAnswerError(
    `the daemon's answer to ${change.path} is not what this client expects`,
  );
}

function rehearsal(dryRun = false): Readonly<Record<string, string>> {
  return dryRun ? { dryRun: 'All' } : {};
}
