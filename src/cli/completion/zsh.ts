/**
 * Completion for zsh: as the file _solovirt in a directory of fpath, or sourced.
 */
import type { CommandTree, OptionFacts, OptionValue, Values, VerbFacts } from './command-tree.ts';

export function zshCompletion(tree: CommandTree): string {
  return `#compdef ${tree.name}
# zsh completion for ${tree.name}: source <(${tree.name} completion zsh)

# Adds what the options that were just looked at say of namespace and daemon.
_solovirt_target() {
  local name
  for name in -n --namespace --socket; do
    (( $+opt_args[$name] )) && target+=($name \${(Q)opt_args[$name]})
  done
}

_solovirt_ask() {
  local -a target=($target)
  _solovirt_target
  _call_program $1 ${tree.name} $target $@[2,-1] -o name 2>/dev/null
}

_solovirt_vms() {
  local -a vms all
  [[ $PREFIX == */* ]] && all=(-A)
  vms=(\${(f)"$(_solovirt_ask vms list $all)"})
  _wanted vms expl VM compadd -a vms
}

_solovirt_namespaces() {
  local -a names
  names=(default \${\${(M)\${(f)"$(_solovirt_ask namespaces list -A)"}:#*/*}%%/*})
  _wanted namespaces expl namespace compadd -a names
}

_solovirt_runs() {
  local -a runs
  [[ -n $line[1] ]] && runs=(\${(f)"$(_solovirt_ask runs runs \${(Q)line[1]})"})
  _wanted runs expl run compadd -a runs
}

_solovirt() {
  local curcontext=$curcontext state line expl
  typeset -A opt_args
  local -a target
  # -A: what follows the verb is the verb's.
  _arguments -C -S -A '-*' \\
${tree.options.map((option) => `    ${optionSpec(option)} \\`).join('\n')}
    '1: :->verb' '*:: :->rest'
  case $state in
    verb)
      local -a verbs=(
${tree.verbs.map(({ name, description }) => `        ${quote(`${name}:${description.replaceAll(':', '\\:')}`)}`).join('\n')}
      )
      _describe -t commands command verbs
      ;;
    rest)
      _solovirt_target
      curcontext=\${curcontext%:*}-$line[1]:
      case $line[1] in
${tree.verbs.map(verbCase).join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _solovirt ]]; then
  _solovirt "$@"
else
  compdef _solovirt ${tree.name}
fi
`;
}

function verbCase({ name, options, operands }: VerbFacts): string {
  const places = operands.map(({ values, repeated }, index) =>
    quote(`${repeated ? '*' : index + 1}:${values.kind}:${action(values)}`),
  );
  const specs = [...options.map(optionSpec), ...places];
  return `        ${name}) _arguments -S ${specs.join(' ')} ;;`;
}

/** `'(-o --output)'{-o,--output=}'[output format]:format:(json yaml)'` */
function optionSpec({ names, description, value }: OptionFacts): string {
  const said = `[${description.replaceAll(/[\\[\]]/g, '\\$&')}]`;
  // The second colon: a value that may be left out.
  const taken =
    value && `${value.optional ? '::' : ':'}${escapeColons(value.name)}:${action(value.values)}`;
  const text = `${said}${taken ?? ''}`;
  const specs = names.map((name) => `${name}${signAfter(name, value)}`);
  const [only, ...more] = specs;
  if (more.length === 0) return quote(`${only}${text}`);
  return `${quote(`(${names.join(' ')})`)}{${specs.join(',')}}${quote(text)}`;
}

/** `=`: the value is the next word or follows that sign; `=-`: follows it in any case. */
function signAfter(name: string, value: OptionValue | undefined): string {
  if (value === undefined || !name.startsWith('--')) return '';
  return value.optional ? '=-' : '=';
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'vms':
      return '_solovirt_vms';
    case 'namespaces':
      return '_solovirt_namespaces';
    case 'runs':
      return '_solovirt_runs';
    case 'files':
      return '_files';
    case 'directories':
      return '_files -/';
    case 'other':
      return '';
  }
}

function escapeColons(text: string): string {
  return text.replaceAll(':', '\\:');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
