/**
 * Completion for fish.
 */
import {
  type CommandTree,
  type OptionFacts,
  optionsWithWord,
  type Values,
  type VerbFacts,
} from './command-tree.ts';

export function fishCompletion(tree: CommandTree): string {
  const rule = `complete -c ${tree.name}`;
  const lines = [
    ...tree.options.map((option) => `${rule} -n __fish_use_subcommand ${optionWords(option)}`),
    ...tree.verbs.flatMap((verb) => verbRules(rule, verb)),
  ];
  return `# fish completion for ${tree.name}: ${tree.name} completion fish | source

function __solovirt_target
    set -l words (commandline -opc)
    for at in (seq (count $words))
        if contains -- $words[$at] -n --namespace --socket; and set -q words[(math $at + 1)]
            string join \\n -- $words[$at] $words[(math $at + 1)]
        end
    end
end

function __solovirt_vms
    if string match -q '*/*' -- (commandline -ct)
        ${tree.name} (__solovirt_target) list -A -o name 2>/dev/null
    else
        ${tree.name} (__solovirt_target) list -o name 2>/dev/null
    end
end

function __solovirt_namespaces
    echo default
    ${tree.name} (__solovirt_target) list -A -o name 2>/dev/null | string replace -rf '/.*' ''
end

# The verb and what follows it.
function __solovirt_operands
    set -l words (commandline -opc)
    set -l at 2
    while test $at -le (count $words)
        switch $words[$at]
            case ${optionsWithWord(tree).join(' ')}
                set at (math $at + 1)
            case '-*'
            case '*'
                echo -- $words[$at]
        end
        set at (math $at + 1)
    end
end

function __solovirt_runs
    set -l operands (__solovirt_operands)
    set -q operands[2]; and ${tree.name} (__solovirt_target) runs $operands[2] -o name 2>/dev/null
end

${rule} -f
${lines.join('\n')}
`;
}

function verbRules(rule: string, { name, description, options, operands }: VerbFacts): string[] {
  const isSeen = `__fish_seen_subcommand_from ${name}`;
  const seen = `${rule} -n ${quote(isSeen)}`;
  return [
    `${rule} -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
    ...options.map((option) => `${seen} ${optionWords(option)}`),
    ...operands.flatMap(({ values, repeated }, index) => {
      const isHere = `test (count (__solovirt_operands)) ${repeated ? '-ge' : '-eq'} ${index + 1}`;
      return candidates(values).map(
        (words) => `${rule} -n ${quote(`${isSeen}; and ${isHere}`)} ${words}`,
      );
    }),
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
    case 'namespaces':
      return ["-a '(__solovirt_namespaces)'"];
    case 'runs':
      return ["-a '(__solovirt_runs)'"];
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
