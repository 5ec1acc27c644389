/**
 * The verbs that change the files of VMs: their names, arguments and options.
 */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { parseVmName } from './names.ts';
import { addTarget, graceOption, waitOption } from './options.ts';
import { clientOf, givenNamespace, namespaceOf } from './settings.ts';
import type { DeleteFlags } from './verbs/delete.ts';

export function addManifestCommands(program: Command, context: CliContext): void {
  addApply(program, context);
  addEdit(program, context);
  addDelete(program, context);
}

function addApply(program: Command, context: CliContext): void {
  const command = addTarget(program.command('apply'))
    .description('create VMs from files, or make their files say what these say')
    .requiredOption(
      '-f, --filename <file>',
      'a file, a directory of files, or - for stdin; may be given more than once',
      (value: string, others: readonly string[] = []) => [...others, value],
    )
    .option('--dry-run', 'only say what would happen')
    .action(async (flags: { readonly filename: readonly string[]; readonly dryRun?: true }) => {
      const [{ apply }, client] = await Promise.all([
        import('./verbs/apply.ts'),
        clientOf(command, context),
      ]);
      const namespace = givenNamespace(command);
      await apply(context, client, flags.filename, {
        dryRun: flags.dryRun === true,
        ...(namespace === undefined ? {} : { namespace }),
      });
    });
}

function addEdit(program: Command, context: CliContext): void {
  const command = addTarget(program.command('edit'))
    .description(
      'open the file of a VM in an editor ($VISUAL, $EDITOR), and save it once it is valid',
    )
    .argument('<name>', 'NAME or NAMESPACE/NAME')
    .action(async (name: string) => {
      const vm = parseVmName(name, namespaceOf(command));
      const [{ edit }, client] = await Promise.all([
        import('./verbs/edit.ts'),
        clientOf(command, context),
      ]);
      await edit(context, client, vm);
    });
}

function addDelete(program: Command, context: CliContext): void {
  const command = addTarget(program.command('delete'))
    .description('shut VMs down and take them out of their files')
    .argument('<name...>', 'NAME or NAMESPACE/NAME')
    .addOption(graceOption())
    .option('--force', 'at once, without asking the guest (unless --grace-period is given)')
    .addOption(waitOption('wait until the VMs are gone'))
    .option('--dry-run', 'only say what would happen')
    .action(async (names: string[], flags: DeleteFlags) => {
      const vms = names.map((name) => parseVmName(name, namespaceOf(command)));
      const [verb, client] = await Promise.all([
        import('./verbs/delete.ts'),
        clientOf(command, context),
      ]);
      await verb.deleteVms(context, client, vms, flags);
    });
}
