/**
 * Completion for bash 4 and later, without the helpers of the package bash-completion.
 */
import {
  type CommandTree,
  type OptionFacts,
  optionsWithWord,
  takesNextWord,
  type Values,
  type VerbFacts,
} from './command-tree.ts';

/** Handed on when the VMs are asked for. */
const TARGET = ['-n', '--namespace', '--socket'];

export function bashCompletion(tree: CommandTree): string {
  const scopes = [{ name: '', options: tree.options }, ...tree.verbs];
  return `# bash completion for ${tree.name}: source <(${tree.name} completion bash)

_solovirt_vms() {
  local all=
  [[ $cur != */* ]] || all=-A
  mapfile -t COMPREPLY < <(compgen -W "$(${tree.name} "\${target[@]}" list $all -o name 2>/dev/null)" -- "$cur")
}

_solovirt_namespaces() {
  _solovirt_words "default $(${tree.name} "\${target[@]}" list -A -o name 2>/dev/null | sed -n 's:/.*::p' | sort -u)"
}

_solovirt_runs() {
  [[ -z $operands ]] || _solovirt_words "$(${tree.name} "\${target[@]}" runs "$operands" -o name 2>/dev/null)"
}

_solovirt_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# -f: files, -d: directories
_solovirt_files() {
  compopt -o filenames
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_solovirt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} verb= at option
  local target=() operands=()
  COMPREPLY=()
  # The shell parts --output=json at the sign.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    option=\${COMP_WORDS[at]}
    case $option in
      ${optionsWithWord(tree).join(' | ')})
        [[ \${COMP_WORDS[at + 1]} != = ]] || ((++at))
        ((++at < COMP_CWORD)) || break
        case $option in ${TARGET.join(' | ')}) target+=("$option" "\${COMP_WORDS[at]}") ;; esac
        ;;
      -* | =) ;;
      *) if [[ -z $verb ]]; then verb=$option; else operands+=("$option"); fi ;;
    esac
  done
  case "$verb $prev" in
${scopes.flatMap(({ name, options }) => options.filter(takesNextWord).map((option) => valueCase(name, option))).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $verb in
${scopes.map(({ name, options }) => `      ${quote(name)}) _solovirt_words ${quote(options.flatMap(({ names }) => names).join(' '))} ;;`).join('\n')}
    esac
    return
  fi
  case $verb:\${#operands[@]} in
    :0) _solovirt_words ${quote(tree.verbs.map(({ name }) => name).join(' '))} ;;
${tree.verbs.flatMap(operandCases).join('\n')}
  esac
}

complete -F _solovirt ${tree.name}
`;
}

function valueCase(verb: string, { names, value }: OptionFacts): string {
  const pattern = names.map((name) => quote(`${verb} ${name}`)).join(' | ');
  const action = value === undefined || value.values.kind === 'other' ? '' : complete(value.values);
  return `    ${pattern}) ${action === '' ? '' : `${action}; `}return ;;`;
}

/** By the number of those before it; one that is repeated comes last, and stands for all others. */
function operandCases({ name, operands }: VerbFacts): readonly string[] {
  return operands.flatMap(({ values, repeated }, index) =>
    values.kind === 'other'
      ? []
      : [`    ${name}:${repeated ? '*' : index}) ${complete(values)} ;;`],
  );
}

function complete(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `_solovirt_words ${quote(values.words.join(' '))}`;
    case 'vms':
      return '_solovirt_vms';
    case 'namespaces':
      return '_solovirt_namespaces';
    case 'runs':
      return '_solovirt_runs';
    case 'files':
      return '_solovirt_files -f';
    case 'directories':
      return '_solovirt_files -d';
    case 'other':
      return ':';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
