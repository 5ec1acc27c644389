/**
 * The command line as data: what completions and the manual say of verbs and options comes from the parser itself.
 */
import type { Argument, Command, Option } from 'commander';

export interface CommandTree {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionFacts[];
  readonly verbs: readonly VerbFacts[];
}

export interface VerbFacts {
  readonly name: string;
  readonly description: string;
  /** `[options] <name...>` */
  readonly usage: string;
  readonly options: readonly OptionFacts[];
  readonly operands: readonly Operand[];
  /** Of a verb that is a family of verbs. Its own options and operands are then those of any of them. */
  readonly verbs: readonly VerbFacts[];
}

/** What stands in the place of an argument. */
export interface Operand {
  readonly values: Values;
  /** The last one: it may stand again and again. */
  readonly repeated: boolean;
}

export interface OptionFacts {
  /** As in the help: `-o, --output <format>`. */
  readonly flags: string;
  /** `-o`, `--output` */
  readonly names: readonly string[];
  readonly description: string;
  readonly value: OptionValue | undefined;
}

export interface OptionValue {
  readonly name: string;
  /** Given with `=` or not at all. */
  readonly optional: boolean;
  readonly values: Values;
}

/** What stands in a place of the command line. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** `runs`: uids of runs of the VM that the line names. */
  | { readonly kind: 'vms' | 'namespaces' | 'runs' | 'files' | 'directories' | 'other' };

/** Names of the options that the next word is the value of; those that may be left without one are given with `=`. */
export function optionsWithWord({ options, verbs }: CommandTree): readonly string[] {
  const all = [...options, ...verbs.flatMap((verb) => verb.options)];
  return [...new Set(all.filter(takesNextWord).flatMap(({ names }) => names))];
}

export function takesNextWord({ value }: OptionFacts): boolean {
  return value !== undefined && !value.optional;
}

/** Hidden verbs and options are left out. */
export function commandTree(program: Command): CommandTree {
  const help = program.createHelp();
  const verbs = help.visibleCommands(program);
  return {
    name: program.name(),
    description: program.description(),
    options: optionsOf(program),
    verbs: verbs.map((verb) => verbFacts(verb, verbs)),
  };
}

function verbFacts(verb: Command, all: readonly Command[]): VerbFacts {
  const family = verb
    .createHelp()
    .visibleCommands(verb)
    .map((member) => verbFacts(member, []));
  return {
    name: verb.name(),
    description: verb.description(),
    usage: verb.usage(),
    options: uniqueOptions([...optionsOf(verb), ...family.flatMap(({ options }) => options)]),
    operands: family.length === 0 ? operandsOf(verb, all) : familyOperands(family),
    verbs: family,
  };
}

function operandsOf(verb: Command, all: readonly Command[]): readonly Operand[] {
  return verb.registeredArguments.map((argument) => ({
    values: valuesOf(argument, all),
    repeated: argument.variadic,
  }));
}

/** First which one is meant, then files if one of them takes any. */
function familyOperands(family: readonly VerbFacts[]): readonly Operand[] {
  const words = family.map(({ name }) => name);
  const takesFiles = family.some(({ operands }) =>
    operands.some(({ values }) => values.kind === 'files'),
  );
  const which: Operand = { values: { kind: 'words', words }, repeated: false };
  return takesFiles ? [which, { values: { kind: 'files' }, repeated: false }] : [which];
}

/** Of those that are written alike the first. */
function uniqueOptions(options: readonly OptionFacts[]): readonly OptionFacts[] {
  return [
    ...new Map(options.toReversed().map((option) => [option.flags, option])).values(),
  ].reverse();
}

function valuesOf(argument: Argument, all: readonly Command[]): Values {
  if (argument.argChoices) return { kind: 'words', words: argument.argChoices };
  const name = argument.name();
  if (name === 'command') return { kind: 'words', words: all.map((verb) => verb.name()) };
  return named(name);
}

function optionsOf(command: Command): OptionFacts[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown.map((option) => ({
    flags: option.flags,
    names: [option.short, option.long].filter((name) => name !== undefined),
    description: option.description,
    value: option.required || option.optional ? optionValue(option) : undefined,
  }));
}

function optionValue(option: Option): OptionValue {
  const name = /[<[](.+)[>\]]/.exec(option.flags)?.[1] ?? '';
  const words = option.argChoices ?? (name.includes('|') ? name.split('|') : undefined);
  const values: Values = words === undefined ? named(name.toLowerCase()) : { kind: 'words', words };
  return { name, optional: option.optional, values };
}

function named(name: string): Values {
  switch (name) {
    case 'name':
      return { kind: 'vms' };
    case 'namespace':
      return { kind: 'namespaces' };
    case 'uid':
      return { kind: 'runs' };
    case 'file':
    case 'path':
      return { kind: 'files' };
    case 'dir':
      return { kind: 'directories' };
    default:
      return { kind: 'other' };
  }
}
