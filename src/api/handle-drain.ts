/** PUT and DELETE of draining: the host is emptied of guests, and filled again. */
import type { Supervisor } from '../supervisor/supervisor.ts';
import { dryRunBody } from './bodies.ts';
import { ApiError, type ApiRequest, json, type Reply } from './reply.ts';

/** 202: every guest is about to be stopped. Draining once more changes nothing. */
export function beginDraining(supervisor: Supervisor, request: ApiRequest): Reply {
  if (!isDryRun(request)) supervisor.drain('command');
  return done(202);
}

/** 200, also when nothing is drained. */
export function endDraining(supervisor: Supervisor, request: ApiRequest): Reply {
  if (!isDryRun(request)) supervisor.endDraining();
  return done(200);
}

/** In the body as for commands to VMs, or in the query as for Kubernetes' own verbs. */
function isDryRun({ body, query }: ApiRequest): boolean {
  const asked = query.getAll('dryRun');
  const other = asked.find((value) => value !== 'All');
  if (other !== undefined)
    throw new ApiError(`dryRun must be All or absent, not ${JSON.stringify(other)}`, { code: 400 });
  return asked.length > 0 || dryRunBody(body).dryRun;
}

function done(code: number): Reply {
  return json(
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { group: 'solovirt.io', kind: 'drain' },
      code,
    },
    code,
  );
}
