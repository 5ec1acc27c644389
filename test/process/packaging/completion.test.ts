/** Completion in the shells themselves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allCommands } from '../../../src/all-commands.ts';
import { bashCompletion } from '../../../src/cli/completion/bash.ts';
import { commandTree } from '../../../src/cli/completion/command-tree.ts';
import { fishCompletion } from '../../../src/cli/completion/fish.ts';
import { zshCompletion } from '../../../src/cli/completion/zsh.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'solovirt-completion-'));
  // Stands for the client that the shell calls: tells how it was called.
  writeFileSync(
    join(dir, 'solovirt'),
    `#!/bin/sh
case " $* " in
  *" runs web "*) echo 4f1c2d3e ;;
  *" -A "*) echo other/cache ;;
  *) echo web; echo worker ;;
esac
echo "$*" >>"$0.calls"
`,
    { mode: 0o755 },
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

const program = allCommands({
  env: {},
  isRoot: true,
  home: '/',
  version: '1',
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  isTTY: false,
  now: () => 0,
  signal: new AbortController().signal,
});
const tree = commandTree(program);

/** Runs a shell, with what it is told on standard input. */
async function shell(name: string, args: readonly string[], script = ''): Promise<string> {
  const { stdout } = await execa(name, args, {
    input: script,
    cwd: dir,
    extendEnv: false,
    env: { PATH: `${dir}:/usr/bin:/bin`, HOME: dir, TERM: 'dumb' },
    timeout: 30_000,
  });
  return stdout;
}

/** Command line up to the cursor; what it may go on with, as far as the test looks. */
const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['solovirt st', ['start', 'stop'], ['list', 'web']],
  ['solovirt describe w', ['web', 'worker'], ['start']],
  ['solovirt -n prod stop w', ['web', 'worker'], ['start']],
  ['solovirt start other/', ['other/cache'], ['web']],
  ['solovirt list -o ', ['wide', 'json', 'yaml', 'name'], ['web']],
  ['solovirt list --output=j', ['json'], ['yaml']],
  ['solovirt stop --gr', ['--grace-period'], ['--force']],
  ['solovirt daemon --accel ', ['auto', 'kvm', 'tcg'], []],
  ['solovirt completion ', ['bash', 'zsh', 'fish'], ['web']],
  ['solovirt runs w', ['web', 'worker'], ['start']],
  ['solovirt edit w', ['web', 'worker'], ['start']],
  ['solovirt delete --force w', ['web', 'worker'], ['start']],
  ['solovirt create ', ['vm'], ['web']],
  ['solovirt create vm --run-strategy ', ['RerunOnFailure', 'Once'], ['web']],
  ['solovirt create vm --volume-', ['--volume-hostdisk', '--volume-emptydisk'], ['--kernel']],
  ['solovirt events --type ', ['Normal', 'Warning'], ['web']],
  ['solovirt list --sort-by ', ['name', 'status', 'age'], ['web']],
  ['solovirt list --color=', ['auto', 'always', 'never'], ['web']],
  ['solovirt validate ./solo', ['./solovirt'], ['web']],
  ['solovirt apply -f ./solo', ['./solovirt'], ['web']],
  ['solovirt list -n ', ['default', 'other'], ['web', 'other/cache']],
  ['solovirt -n ', ['default', 'other'], ['list']],
  ['solovirt logs web --run ', ['4f1c2d3e'], ['web']],
  ['solovirt -n prod runs --last 3 web --evidence ', ['4f1c2d3e'], ['web']],
  ['solovirt logs --run ', [], ['4f1c2d3e', 'web']],
  ['solovirt con', ['console'], ['list']],
  ['solovirt console w', ['web', 'worker'], ['start']],
  ['solovirt ssh w', ['web', 'worker'], ['start']],
  ['solovirt ssh -i ./solo', ['./solovirt'], ['web']],
  ['solovirt top w', ['web', 'worker'], ['start']],
  ['solovirt top --sort ', ['cpu', 'memory', 'disk', 'name'], ['web']],
  ...['vnc', 'screenshot', 'port-forward', 'guest', 'userlist', 'fslist', 'freeze', 'unfreeze'].map(
    (verb) => [`solovirt ${verb} w`, ['web', 'worker'], ['start']] as const,
  ),
  ['solovirt describe web w', ['web', 'worker'], []],
  ['solovirt console web ', [], ['web', 'worker']],
  ['solovirt screenshot web ./solo', ['./solovirt'], ['web']],
  ['solovirt stop -n prod w', ['web', 'worker'], []],
  ['solovirt stop --namespace prod w', ['web', 'worker'], []],
  ['solovirt screenshot -n prod w', ['web', 'worker'], []],
  ['solovirt images ', ['list', 'pull', 'remove'], ['start', 'web']],
  ['solovirt images pull --auth', ['--authfile'], ['--from']],
  ['solovirt images list -o ', ['json', 'name'], ['web']],
  ['solovirt images import ./solo', ['./solovirt'], ['web']],
  ['solovirt unfreeze --', ['--dry-run', '--namespace'], ['--unfreeze-timeout']],
];

describe('bash', () => {
  test.for(cases)('%s', async ([line, wanted, unwanted]) => {
    writeFileSync(join(dir, 'completion.bash'), bashCompletion(tree));
    // As readline parts words.
    const words = line.split(/ |(=)/).filter((word) => word !== undefined);
    const found = await shell(
      'bash',
      ['--norc'],
      `shopt -u progcomp; compopt() { :; }; source ./completion.bash
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}
      _solovirt && printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    const candidates = found.split('\n');
    for (const word of wanted) expect(candidates).toContain(word);
    for (const word of unwanted) expect(candidates).not.toContain(word);
  });

  test('the VMs asked for are those of the namespace and daemon on the line', async () => {
    writeFileSync(join(dir, 'completion.bash'), bashCompletion(tree));
    const asked = await shell(
      'bash',
      ['--norc'],
      `compopt() { :; }; source ./completion.bash; rm -f solovirt.calls
      COMP_WORDS=(solovirt --socket s stop -n prod '') COMP_CWORD=6
      _solovirt; cat solovirt.calls`,
    );
    expect(asked).toBe('--socket s -n prod list -o name');
  });
});

describe('fish', () => {
  test.for(cases)('%s', async ([line, wanted, unwanted]) => {
    const script = join(dir, 'completion.fish');
    writeFileSync(script, `${fishCompletion(tree)}\ncomplete -C '${line}'\n`);
    const found = await shell('fish', ['--no-config', script]);
    const candidates = found.split('\n').map((candidate) => candidate.split('\t')[0]);
    // fish gives the whole word.
    const prefix = /--\w+=/.exec(line)?.[0] ?? '';
    for (const word of wanted) expect(candidates).toContain(`${prefix}${word}`);
    for (const word of unwanted) expect(candidates).not.toContain(`${prefix}${word}`);
  });
});

test('fish asks for the VMs of the namespace and daemon on the line', async () => {
  const script = join(dir, 'completion.fish');
  const line = 'solovirt --socket s stop -n prod ';
  writeFileSync(script, `${fishCompletion(tree)}\nrm -f solovirt.calls; complete -C '${line}'\n`);
  await shell('fish', ['--no-config', script]);
  expect(readFileSync(join(dir, 'solovirt.calls'), 'utf8')).toBe(
    '--socket s -n prod list -o name\n',
  );
});

describe('zsh', () => {
  // Names of files are completed by zsh's own _files.
  const lines = cases.filter(([line]) => !line.includes('./'));
  let answers: readonly string[];
  let calls: readonly string[];

  // One zsh at a terminal of its own for all of them, which takes seconds to set its completion up. It writes each
  // candidate to a file, and says on the terminal when it has completed a line.
  beforeAll(async () => {
    writeFileSync(join(dir, '_solovirt'), zshCompletion(tree));
    writeFileSync(
      join(dir, 'interactive.zsh'),
      `fpath=($PWD $fpath)
      autoload -Uz compinit
      compinit -u -D
      compadd() {
        local -a hits
        # Called with these it answers a question instead of adding.
        [[ $*[(r)-[OADW]*] != "" ]] || { builtin compadd -O hits "$@"; print -rl -- $hits >>candidates }
        builtin compadd "$@"
      }
      complete-and-tell() { zle complete-word; print -rn -- COMPLETED }
      zle -N complete-and-tell
      bindkey "^I" complete-and-tell
      print -r -- REA""DY
      `,
    );
    rmSync(join(dir, 'solovirt.calls'), { force: true });
    const turns = lines.map(
      ([line]) => `zpty -n -w z '${line}'$'\\t'
      zpty -r z out '*COMPLETED*'
      print END >>candidates
      zpty -n -w z $'\\C-u'`,
    );
    await shell(
      'zsh',
      ['-f'],
      `zmodload zsh/zpty
      zpty z "PS1= TERM=dumb zsh -f -i"
      zpty -w z 'source ./interactive.zsh'
      zpty -r z out '*READY*'
      ${turns.join('\n')}`,
    );
    answers = readFileSync(join(dir, 'candidates'), 'utf8').split('END\n');
    calls = readFileSync(join(dir, 'solovirt.calls'), 'utf8').split('\n');
  }, 60_000);

  test.for(lines)('%s', ([line, wanted, unwanted]) => {
    const answer = answers[lines.findIndex(([other]) => other === line)] ?? '';
    const candidates = answer.split('\n');
    for (const word of wanted) expect(candidates).toContain(word);
    for (const word of unwanted) expect(candidates).not.toContain(word);
  });

  test('asks for what is of the namespace on the line, before the verb and after it', () => {
    expect(calls).toContain('-n prod list -o name');
    expect(calls).toContain('--namespace prod list -o name');
    expect(calls).toContain('-n prod runs web -o name');
  });
});
