/**
 * `solovirt soft-reboot`.
 */

import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import type { CliContext } from '../context.ts';
import { type InstanceFlags, runInstanceCommand } from '../instance-command.ts';

export async function softReboot(
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: InstanceFlags,
): Promise<void> {
  const command = { verb: 'softreboot', typed: 'soft-reboot' } as const;
  await runInstanceCommand(context, client, vms, command, flags);
}
