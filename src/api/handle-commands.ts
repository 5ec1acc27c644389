/** PUT on a subresource: reads the options, asks the supervisor, answers without waiting for a guest. */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { Command } from '../core/strategy/commands.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { dryRunBody, restartBody, startBody, stopBody } from './bodies.ts';
import type { InstanceVerb, VmVerb } from './contract-options.ts';
import { identityOf } from './handle-reads.ts';
import { type ApiRequest, json, type Reply } from './reply.ts';

/** 202: recorded, not yet carried out. */
export async function vmVerb(
  supervisor: Supervisor,
  verb: VmVerb,
  request: ApiRequest,
): Promise<Reply> {
  const { command, dryRun } = commandOf(verb, request.body);
  await supervisor.requests.command(identityOf(request), command, dryRun);
  return done(identityOf(request), 202);
}

/** 200: carried out by QEMU (reset, pause, unpause) or asked of the guest (soft reboot). */
export async function instanceVerb(
  supervisor: Supervisor,
  verb: InstanceVerb,
  request: ApiRequest,
): Promise<Reply> {
  const { dryRun } = dryRunBody(request.body);
  await supervisor.requests.commandInstance(identityOf(request), verb, dryRun);
  return done(identityOf(request), 200);
}

function commandOf(
  verb: VmVerb,
  body: unknown,
): { readonly command: Command; readonly dryRun: boolean } {
  if (verb === 'start') {
    const { paused, dryRun } = startBody(body);
    return { command: { verb, paused }, dryRun };
  }
  const { dryRun, ...grace } = verb === 'stop' ? stopBody(body) : restartBody(body);
  return { command: { verb, ...grace }, dryRun };
}

/** KubeVirt answers with an empty body; a `Status` says as much in words. */
export function done({ name }: VmIdentity, code: number): Reply {
  return json(
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, group: 'kubevirt.io', kind: 'virtualmachines' },
      code,
    },
    code,
  );
}
