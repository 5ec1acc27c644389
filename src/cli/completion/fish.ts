/**
 * Completion for fish.
 */
import type { CommandTree, OptionFacts, Values, VerbFacts } from './command-tree.ts';

export function fishCompletion(tree: CommandTree): string {
  const rule = `complete -c ${tree.name}`;
  const lines = [
    ...tree.options.map((option) => `${rule} -n __fish_use_subcommand ${optionWords(option)}`),
    ...tree.verbs.flatMap((verb) => verbRules(rule, verb)),
  ];
  return `# fish completion for ${tree.name}: ${tree.name} completion fish | source

function __solovirt_vms
    set -l words (commandline -opc)
    set -l target
    for at in (seq (count $words))
        if contains -- $words[$at] -n --namespace --socket; and set -q words[(math $at + 1)]
            set -a target $words[$at] $words[(math $at + 1)]
        end
    end
    if string match -q '*/*' -- (commandline -ct)
        ${tree.name} $target list -A -o name 2>/dev/null
    else
        ${tree.name} $target list -o name 2>/dev/null
    end
end

${rule} -f
${lines.join('\n')}
`;
}

function verbRules(rule: string, { name, description, options, operand }: VerbFacts): string[] {
  const seen = `${rule} -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
  return [
    `${rule} -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
    ...options.map((option) => `${seen} ${optionWords(option)}`),
    ...(operand === undefined ? [] : candidates(operand).map((words) => `${seen} ${words}`)),
  ];
}

function optionWords({ names, description, value }: OptionFacts): string {
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const taken = value === undefined || value.optional ? [] : ['-r', ...candidates(value.values)];
  return [...flags, ...taken, `-d ${quote(description)}`].join(' ');
}

function candidates(values: Values): string[] {
  switch (values.kind) {
    case 'words':
      return [`-a ${quote(values.words.join(' '))}`];
    case 'vms':
      return ["-a '(__solovirt_vms)'"];
    case 'files':
      return ['-F'];
    case 'directories':
      return ["-a '(__fish_complete_directories)'"];
    case 'other':
      return [];
  }
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
