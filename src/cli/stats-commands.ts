/** The verb that shows what VMs use. */
import { type Command, Option } from 'commander';
import type { CliContext } from './context.ts';
import type { DataFormat } from './format/output.ts';
import type { SortKey } from './format/usage.ts';
import { parseVmName } from './names.ts';
import { addTarget, outputOption } from './options.ts';
import { clientOf, displayOf, namespaceOf, scopeOf } from './settings.ts';

const SORT_KEYS: readonly SortKey[] = ['cpu', 'memory', 'disk', 'name'];

interface TopFlags {
  readonly sort: SortKey;
  readonly once?: true;
  readonly output?: DataFormat;
}

export function addStatsCommands(program: Command, context: CliContext): void {
  addTarget(program.command('top'))
    .description('show processor, memory and disk use of running VMs, live on a terminal')
    .argument('[name...]', 'NAME or NAMESPACE/NAME')
    .option('-A, --all-namespaces', 'in all namespaces')
    .addOption(new Option('--sort <key>', 'what to sort by').choices(SORT_KEYS).default('cpu'))
    .option('--once', 'look for one second, print and end')
    .addOption(outputOption(['json', 'yaml']))
    .action(async (names: string[], flags: TopFlags, command: Command) => {
      const { top } = await import('./verbs/top.ts');
      await top(context, await clientOf(command, context), {
        ...flags,
        display: () => displayOf(command, context),
        namespace: scopeOf(command),
        vms: names.map((name) => parseVmName(name, namespaceOf(command))),
      });
    });
}
