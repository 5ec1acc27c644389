/**
 * The verbs that change a VM: their names, arguments and options.
 */
import type { Command } from 'commander';
import type { Client } from '../client/client.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { CliContext } from './context.ts';
import { parseVmName } from './names.ts';
import { addTarget, graceOption, waitOption } from './options.ts';
import { clientOf, namespaceOf } from './settings.ts';
import type { RestartFlags } from './verbs/restart.ts';
import type { StartFlags } from './verbs/start.ts';
import type { StopFlags } from './verbs/stop.ts';

type Verb<Flags> = (
  context: CliContext,
  client: Client,
  vms: readonly VmIdentity[],
  flags: Flags,
) => Promise<void>;

export function addActionCommands(program: Command, context: CliContext): void {
  addVerb<StartFlags>(
    action(program, 'start', 'start VMs')
      .option('--paused', 'come up with the CPUs stopped, until `unpause`')
      .addOption(waitOption('wait until the VMs run')),
    context,
    async () => (await import('./verbs/start.ts')).start,
  );
  addVerb<StopFlags>(
    action(program, 'stop', 'shut VMs down: as their guests do it, by force after the grace period')
      .addOption(graceOption())
      .option('--force', 'at once, without asking the guest (unless --grace-period is given)')
      .addOption(waitOption('wait until the VMs are down')),
    context,
    async () => (await import('./verbs/stop.ts')).stop,
  );
  addVerb<RestartFlags>(
    action(program, 'restart', 'stop VMs and start them as new instances')
      .addOption(graceOption())
      .option('--force', 'at once, without asking the guest (unless --grace-period is given)')
      .addOption(waitOption('wait until the new instances run')),
    context,
    async () => (await import('./verbs/restart.ts')).restart,
  );
  addInstanceVerbs(program, context);
}

function addInstanceVerbs(program: Command, context: CliContext): void {
  addVerb(
    action(program, 'pause', 'stop the CPUs of running VMs'),
    context,
    async () => (await import('./verbs/pause.ts')).pause,
  );
  addVerb(
    action(program, 'unpause', 'let paused VMs go on'),
    context,
    async () => (await import('./verbs/unpause.ts')).unpause,
  );
  addVerb(
    action(program, 'reset', 'press the reset button: same instance, nothing is saved'),
    context,
    async () => (await import('./verbs/reset.ts')).reset,
  );
  addVerb(
    action(program, 'soft-reboot', 'ask guests to reboot'),
    context,
    async () => (await import('./verbs/soft-reboot.ts')).softReboot,
  );
}

function action(program: Command, verb: string, description: string): Command {
  return addTarget(program.command(verb))
    .description(description)
    .argument('<name...>', 'NAME or NAMESPACE/NAME')
    .option('--dry-run', 'only say what would happen');
}

function addVerb<Flags>(
  command: Command,
  context: CliContext,
  load: () => Promise<Verb<Flags>>,
): void {
  command.action(async (names: string[], flags: Flags) => {
    const vms = names.map((name) => parseVmName(name, namespaceOf(command)));
    const [verb, client] = await Promise.all([load(), clientOf(command, context)]);
    await verb(context, client, vms, flags);
  });
}
