/**
 * `solovirt reset`.
 */

import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { type InstanceFlags, runInstanceCommand } from '../instance-command.ts';

export async function reset(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: InstanceFlags,
): Promise<void> {
  const command = { verb: 'reset', typed: 'reset' } as const;
  await runInstanceCommand(context, client, vms, command, flags);
}
