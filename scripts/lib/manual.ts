/**
 * Writes the manual pages of the package: `node scripts/lib/manual.ts DIR VERSION DATE` makes DIR/man1 and so on. solovirt(1)
 * says of commands and options what the parser knows; the other pages are those of docs/.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCommands } from '../../src/all-commands.ts';
import {
  type CommandTree,
  commandTree,
  type OptionFacts,
} from '../../src/cli/completion/command-tree.ts';
import { escaped, macro, type PageNames, roffOf } from './roff.ts';

const root = join(import.meta.dirname, '../..');

interface Page {
  readonly name: string;
  readonly section: number;
  /** For apropos(1). */
  readonly about: string;
  /** Below docs/. */
  readonly source: string;
}

const PAGES: readonly Page[] = [
  {
    name: 'solovirt.yaml',
    section: 5,
    about: 'settings of the solovirt daemon',
    source: 'configuration.md',
  },
  { name: 'solovirt-manifests', section: 5, about: 'VM files of solovirt', source: 'manifests.md' },
  {
    name: 'solovirt-run-strategies',
    section: 7,
    about: 'when solovirt starts and stops VMs',
    source: 'run-strategies.md',
  },
  {
    name: 'solovirt-verdicts',
    section: 7,
    about: 'how solovirt judges the end of a VM',
    source: 'verdicts.md',
  },
  {
    name: 'solovirt-networks',
    section: 7,
    about: 'what network cards of VMs are connected to',
    source: 'networks.md',
  },
  {
    name: 'solovirt-images',
    section: 7,
    about: 'where images of VMs lie, and when they are pulled',
    source: 'images.md',
  },
];

interface Edition {
  readonly version: string;
  /** Of the newest change, `2026-11-22`. */
  readonly date: string;
}

const REFERENCES = [
  'solovirt(1)',
  ...PAGES.map(({ name, section }) => `${name}(${section})`),
  'systemctl(1)',
];

function main([dir, version, date]: readonly string[]): void {
  if (dir === undefined || version === undefined || date === undefined)
    throw new Error('usage: node scripts/lib/manual.ts DIR VERSION DATE');
  const edition = { version, date };
  const links: PageNames = new Map([
    ['cli.md', 'solovirt(1)'],
    ...PAGES.map(({ name, section, source }) => [source, `${name}(${section})`] as const),
  ]);
  write(
    dir,
    { name: 'solovirt', section: 1, about: 'KubeVirt virtual machines on this host' },
    edition,
    commandPage(links),
  );
  for (const page of PAGES) {
    const text = readFileSync(join(root, 'docs', page.source), 'utf8');
    write(dir, page, edition, `.SH DESCRIPTION\n${roffOf(text, links)}`);
  }
}

function write(dir: string, page: Omit<Page, 'source'>, edition: Edition, body: string): void {
  const { name, section, about } = page;
  const others = REFERENCES.filter((reference) => reference !== `${name}(${section})`);
  const text = [
    `.TH ${escaped(name.toUpperCase())} ${section} ${edition.date} "solovirt ${escaped(edition.version)}"\n`,
    `.SH NAME\n${escaped(name)} \\- ${escaped(about)}\n`,
    body,
    `.SH SEE ALSO\n${others.map(escaped).join(',\n')}\n`,
  ].join('');
  const place = join(dir, `man${section}`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, `${name}.${section}`), text);
}

function commandPage(links: PageNames): string {
  const tree = commandTree(allCommands(silent()));
  const [description = '', ...rest] = readFileSync(
    join(root, 'packaging/man/solovirt.md'),
    'utf8',
  ).split(/^(?=## )/m);
  return [
    '.SH SYNOPSIS\n.B solovirt\n.RI [ options ]\n.I command\n.RI [ arguments ]\n',
    `.SH DESCRIPTION\n${roffOf(description, links)}`,
    `.SH COMMANDS\n${commands(tree)}`,
    `.SH OPTIONS\n${tree.options.map(option).join('')}`,
    roffOf(rest.join(''), links),
  ].join('');
}

/** Options of the program are explained once, unless the command means something else by them. */
function commands({ name, options, verbs }: CommandTree): string {
  const known = new Set(options.map(saidOf));
  return verbs
    .filter((verb) => verb.name !== 'help')
    .flatMap((verb) =>
      verb.verbs.length === 0
        ? [verb]
        : verb.verbs.map((member) => ({ ...member, name: `${verb.name} ${member.name}` })),
    )
    .map((verb) =>
      [
        macro('SS', `${name} ${verb.name} ${verb.usage}`),
        `${escaped(sentence(verb.description))}\n`,
        ...verb.options.filter((own) => !known.has(saidOf(own))).map(option),
      ].join(''),
    )
    .join('');
}

function saidOf({ flags, description }: OptionFacts): string {
  return `${flags} ${description}`;
}

function option({ flags, description, value }: OptionFacts): string {
  const words =
    value?.values.kind === 'words' && !flags.includes('|')
      ? ` (one of ${value.values.words.join(', ')})`
      : '';
  return `.TP\n.B ${escaped(flags)}\n${escaped(sentence(description + words))}\n`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Enough for the commands to be made; none is run. */
function silent(): Parameters<typeof allCommands>[0] {
  return {
    env: {},
    isRoot: true,
    home: '/',
    version: '',
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: () => process.stdin,
    isTTY: false,
    now: () => 0,
    signal: new AbortController().signal,
  };
}

main(process.argv.slice(2));
