/**
 * The first session of somebody who has just installed solovirt, as commands and what has to be seen before the next one is
 * typed. docs/first-session.md is its record, written by `npm run transcript:session`.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './daemon-harness.ts';
import { MAIN } from './run-main.ts';

export interface Step {
  /** What is said before the command, for the reader. */
  readonly words: string;
  /** As typed into a shell. */
  readonly line: string;
  /** 0 unless given. */
  readonly code?: number;
  /** What the command has to say, on stdout or stderr. */
  readonly says?: RegExp;
  /** What has to come about before the next command is typed. */
  readonly until?: (world: World) => Promise<unknown>;
  /** How long the command may take; a minute unless given. */
  readonly limitMs?: number;
}

const isRunning = (world: World): Promise<unknown> => world.untilStatus('web', 'Running');
const isUp = async (world: World): Promise<void> => {
  await isRunning(world);
  // The last that it says by itself: by then it reads what is typed.
  await world.untilConsole('web', 'eth0 has');
};

export const SESSION: readonly Step[] = [
  { words: 'Nothing is there yet.', line: 'solovirt list', says: /No virtual machines/ },
  {
    words: 'A VM is a file. `create vm` writes one; this VM boots a kernel of the image directory.',
    line: "solovirt create vm --name web --memory 160Mi --kernel demo/latest/vmlinuz --initrd demo/latest/initrd.img --kernel-args 'console=ttyS0 quiet' >web.yaml",
  },
  { words: '', line: 'cat web.yaml', says: /runStrategy: Always/ },
  {
    words:
      'Can this host run it? Then hand it over. It is a file in the VM directory from now on, and runs at once.',
    line: 'solovirt validate --host web.yaml',
    says: /1 valid VM/,
  },
  { words: '', line: 'solovirt apply -f web.yaml', says: /created/, until: isUp },
  { words: '', line: 'solovirt list', says: /web +Running +Always/ },
  {
    words: 'What it said while it booted:',
    line: 'solovirt logs web --tail 5',
    says: /solovirt-guest: up/,
  },
  {
    words:
      'Its console. On a terminal `solovirt console web` is all it takes, and Ctrl-] leaves; here, lines are piped into it.',
    line: "printf '\\nuname -s\\n' | solovirt console web",
    says: /Linux/,
  },
  {
    words: 'Now break the file: a number that is none.',
    line: "sed -i 's/cores: 1/cores: one/' /etc/solovirt/vms/web.yaml",
    until: (world) =>
      world.until('web', 'has a problem', (vm) => (vm?.status.problems ?? []).length > 0),
  },
  {
    words:
      'The guest runs on, with the last valid version of its file, and the list says where the fault is.',
    line: 'solovirt list',
    says: /web: 1 problem/,
  },
  { words: '', line: 'solovirt describe web', says: /web\.yaml:\d+:\d+/ },
  {
    words: 'Mended:',
    line: "sed -i 's/cores: one/cores: 1/' /etc/solovirt/vms/web.yaml",
    until: (world) => world.until('web', 'is well', (vm) => vm?.status.problems === undefined),
  },
  {
    words: 'Break the guest itself: its kernel panics.',
    line: "printf '\\necho c >/proc/sysrq-trigger\\n' | solovirt console web",
    until: async (world) => {
      await world.untilRuns('web', 1);
      await isUp(world);
    },
  },
  {
    words:
      'It was started again at once, since it should always run. What happened to the run before?',
    line: 'solovirt list',
    says: /Running.*panicked/,
  },
  {
    words: '',
    line: 'solovirt runs web --evidence last',
    says: /GuestPanicked/,
  },
  {
    words: 'Stop it. The file says so afterwards, so that it stays down.',
    line: 'solovirt stop web --wait',
    says: /web stopped: guest shut down on command/,
  },
  { words: '', line: 'grep runStrategy /etc/solovirt/vms/web.yaml', says: /Halted/ },
  { words: '', line: 'solovirt runs web', says: /StoppedByCommand/ },
  {
    words: 'A name that is not there:',
    line: 'solovirt start wbe',
    code: 1,
    says: /there is no VM wbe/,
  },
  { words: 'And away with it.', line: 'solovirt delete web', says: /web/ },
  { words: '', line: 'solovirt list', says: /No virtual machines/ },
];

export interface Said {
  readonly code: number | null;
  /** stdout and stderr, as a terminal shows them. */
  readonly text: string;
}

/** A shell of that user: `solovirt` is on the path, and /etc/solovirt/vms leads to the VM files of the world. */
export class Shell {
  readonly #world: World;
  readonly home: string;
  /** What the page says, and what it is here. */
  readonly #places: readonly (readonly [page: string, here: string])[];

  constructor(world: World, places: readonly (readonly [page: string, here: string])[] = []) {
    this.#world = world;
    this.home = join(world.dir, 'home');
    this.#places = [['/etc/solovirt/vms', world.vms], ...places];
    mkdirSync(join(this.home, 'bin'), { recursive: true });
    symlinkSync(world.vms, join(this.home, 'vms'));
    writeFileSync(
      join(this.home, 'bin', 'solovirt'),
      `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`,
      { mode: 0o755 },
    );
  }

  /** Types a line and waits for the prompt. */
  type(line: string, limitMs = 60_000): Promise<Said> {
    const { promise, resolve, reject } = Promise.withResolvers<Said>();
    const here = this.#places.reduce((text, [page, place]) => text.replaceAll(page, place), line);
    const child = spawn('sh', ['-c', `{ ${here}\n} 2>&1`], {
      cwd: this.home,
      env: {
        // biome-ignore lint/style/noProcessEnv: a shell needs PATH
        PATH: `${join(this.home, 'bin')}:${process.env['PATH']}`,
        HOME: this.home,
        SOLOVIRT_SOCKET: this.#world.socket,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: limitMs,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        code,
        text: this.#places.reduce((said, [page, place]) => said.replaceAll(place, page), text),
      }),
    );
    return promise;
  }
}

/** Goes through a session. @throws when a command does not do what the record shows */
export async function play(
  world: World,
  onStep: (step: Step, said: Said) => void = () => {},
  steps: readonly Step[] = SESSION,
  shell: Shell = new Shell(world),
): Promise<void> {
  for (const step of steps) {
    const said = await shell.type(step.line, step.limitMs);
    if (said.code !== (step.code ?? 0) || step.says?.test(said.text) === false)
      throw new Error(`${step.line}\nexit ${said.code}\n${said.text}`);
    onStep(step, said);
    await step.until?.(world);
  }
}

/** The commands that a page shows, in its order. */
export function commandsOn(page: string): readonly string[] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2));
}
