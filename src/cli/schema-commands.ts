/**
 * The verb that explains what a VM file may hold.
 */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

interface ExplainFlags {
  readonly recursive?: true;
  readonly jsonSchema?: true;
}

const EXAMPLES = `
Examples:
  solovirt explain vm
  solovirt explain vm.spec.runStrategy
  solovirt explain domain.cpu
  solovirt explain spec.template.spec.volumes --recursive
  solovirt explain vmi.status
  solovirt explain annotations
  solovirt explain --json-schema > virtualmachine.json`;

export function addSchemaCommands(program: Command, context: CliContext): void {
  program
    .command('explain')
    .description('tell what a field of a VM file or of an object means, without a daemon')
    .argument(
      '[field]',
      'a kind (vm, vmi, event, secret, configmap, network-attachment-definition), with a path below it; a path of a VM; annotations',
    )
    .option('--recursive', 'name everything below the field')
    .option('--json-schema', 'print the JSON Schema of VM files, for editors')
    .addHelpText('after', EXAMPLES)
    .action(async (field: string | undefined, flags: ExplainFlags) => {
      const { explain } = await import('./verbs/explain.ts');
      await explain(context, field, flags);
    });
}
