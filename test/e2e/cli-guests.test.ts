/** console, vnc, screenshot, port-forward and ssh as a user runs them, the console on a real terminal (`script`). */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World, within } from './daemon-harness.ts';
import { demoVm, tinyVm } from './manifests.ts';

// biome-ignore lint/style/noProcessEnv: what is run here is run as by a user
const ENV = process.env;
const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const PROMPT = 'solovirt-guest:/#';
const DETACH = '\u001d';
let world: World;

beforeAll(async () => {
  world = await World.start();
  world.write('linux', demoVm('linux', { strategy: 'Manual', graphics: true, network: true }));
  world.write('tiny', tinyVm('tiny', { strategy: 'Halted' }));
  await world.untilStatus('linux', 'Stopped');
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

class Program implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  stdout = Buffer.alloc(0);
  stderr = '';
  readonly code: Promise<number | null>;
  #wake: () => void = () => {};

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(program, args, {
      env: { ...ENV, SOLOVIRT_SOCKET: world.socket, TERM: 'xterm', ...env },
    });
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.stdout = Buffer.concat([this.stdout, chunk]);
      this.#wake();
    });
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#wake();
    });
    const { promise, resolve: ended } = Promise.withResolvers<number | null>();
    this.child.once('close', (code) => ended(code));
    this.code = promise;
  }

  get all(): string {
    return this.stdout.toString() + this.stderr;
  }

  async said(text: string): Promise<void> {
    const seen = async (): Promise<void> => {
      while (!this.all.includes(text)) {
        const { promise, resolve: wake } = Promise.withResolvers<void>();
        this.#wake = wake;
        await promise;
      }
    };
    await within(seen(), `it says ${JSON.stringify(text)}`, () => JSON.stringify(this.all));
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  exit(): Promise<number | null> {
    return within(this.code, 'it has ended', () => JSON.stringify(this.all));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.code;
  }
}

function solovirt(args: readonly string[], env?: NodeJS.ProcessEnv): Program {
  return new Program(process.execPath, [MAIN, ...args], env);
}

/** In a terminal of its own, whose settings are told before and after. */
function onTerminal(command: string): Program {
  const run = `sh -c 'echo "pid $$"; exec ${process.execPath} ${MAIN} ${command}'`;
  const line = `echo "before $(stty -g)"; ${run}; echo "code $?"; echo "after $(stty -g)"`;
  return new Program('script', ['-qefc', line, '/dev/null']);
}

function settings(shown: string): { readonly before: string; readonly after: string } {
  const of = (which: string): string =>
    new RegExp(`^${which} (\\S+)\\r?$`, 'm').exec(shown)?.[1] ?? `no ${which}`;
  return { before: of('before'), after: of('after') };
}

test('console --wait: waits for the VM, shows its boot, gives a shell, and the terminal back', async () => {
  await using terminal = onTerminal('console linux --wait=60s');
  await terminal.said('before ');
  await world.command('linux', 'start');
  await terminal.said('Press Ctrl-] to detach.');
  await terminal.said('Press Enter for a root shell.');
  // What is typed before the guest opens its console is lost.
  const enter = setInterval(() => terminal.type('\r'), 500);
  await terminal.said(PROMPT).finally(() => clearInterval(enter));
  terminal.type('echo $((6 * 7))-fold; printf "\\033[?1049h"\r');
  await terminal.said('42-fold');
  await terminal.said('\u001b[?1049h');
  terminal.type(DETACH);
  await terminal.said('Detached from linux.');
  expect(await terminal.exit()).toBe(0);
  expect(terminal.all).toContain('code 0');
  // The guest's full screen is left, the cursor shown again.
  expect(terminal.all).toContain('\u001b[?1049l\u001b[?25h');
  const { before, after } = settings(terminal.all);
  expect(after).toBe(before);
});

test('console: another detach key, no scroll-back, keys that are the guest’s', async () => {
  await using terminal = onTerminal('console linux --escape ^O --no-scrollback');
  await terminal.said('Press Ctrl-O to detach.');
  terminal.type(`\recho re""ady; cat -v\r`);
  await terminal.said('ready\r');
  terminal.type(`${DETACH}\r\u0004`);
  await terminal.said('^]');
  terminal.type('echo the-shell-$((1 + 1))\r');
  await terminal.said('the-shell-2');
  expect(terminal.all).not.toContain('Press Enter');
  terminal.type('\u000f');
  expect(await terminal.exit()).toBe(0);
});

test('console: a signal, and the end of the daemon, give the terminal back as well', async () => {
  await using told = onTerminal('console linux --no-scrollback');
  await told.said('to detach.');
  process.kill(Number(/pid (\d+)/.exec(told.all)?.[1]), 'SIGTERM');
  await told.exit();
  expect(settings(told.all).after).toBe(settings(told.all).before);
  await using terminal = onTerminal('console linux --no-scrollback');
  await terminal.said('to detach.');
  terminal.type('\recho alive-$((1 + 1))\r');
  await terminal.said('alive-2');
  await world.endDaemon('SIGKILL');
  await terminal.said('error: the connection to the daemon broke');
  await terminal.exit();
  expect(terminal.all).toContain('code 1');
  const { before, after } = settings(terminal.all);
  expect(after).toBe(before);
  await world.startDaemon();
  await world.untilStatus('linux', 'Running');
});

test('console in a pipe: what is typed, what it brings about, and an end', async () => {
  await using program = solovirt(['console', 'linux']);
  program.child.stdin.end('\necho piped-$((40 + 2))\n');
  expect(await program.exit()).toBe(0);
  expect(program.stdout.toString()).toContain('piped-42');
  expect(program.stdout.toString()).not.toContain('Press Enter');
  expect(program.stderr).toBe('');
});

test('whoever cannot be let in is told what to do', async () => {
  const cases = [
    [
      ['console', 'tiny'],
      'error: tiny: VMI is not running\nIt is Stopped: `solovirt start tiny` starts it.\n',
    ],
    [
      ['vnc', 'tiny'],
      'error: tiny: VMI is not running\nIt is Stopped: `solovirt start tiny` starts it.\n',
    ],
    [
      ['console', 'linus'],
      'error: there is no VM linus in namespace default\nDid you mean linux?\n',
    ],
    [
      ['ssh', 'tiny'],
      'error: tiny does not run: it is Stopped\n`solovirt start tiny` starts it.\n',
    ],
  ] as const;
  for (const [args, message] of cases) {
    await using program = solovirt(args);
    expect(await program.exit()).toBe(1);
    expect(program.stderr).toBe(message);
  }
});

test('screenshot: a PNG in a file, and on standard output', async () => {
  const file = join(world.dir, 'screen.png');
  await using saved = solovirt(['screenshot', 'linux', file]);
  expect(await saved.exit()).toBe(0);
  await using piped = solovirt(['screenshot', 'linux', '-']);
  expect(await piped.exit()).toBe(0);
  for (const picture of [readFileSync(file), piped.stdout])
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
});

test('port-forward: a page of the guest through a port of this host, more than once', async () => {
  await using program = solovirt(['port-forward', 'linux', '0:80', '0:81']);
  await program.said('to port 81 of linux');
  const [, port] = /127\.0\.0\.1:(\d+) to port 80/.exec(program.stderr) ?? [];
  for (let count = 0; count < 2; count += 1) {
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    expect(page).toBe('Hello from a solovirt guest.\n');
  }
  const [, closed] = /127\.0\.0\.1:(\d+) to port 81/.exec(program.stderr) ?? [];
  await expect(fetch(`http://127.0.0.1:${closed}/`)).rejects.toThrow();
  await program.said('the guest refused the connection');
  program.child.kill('SIGINT');
  expect(await program.exit()).toBe(0);
});

test('port-forward --stdio: as a proxy command', async () => {
  await using program = solovirt(['port-forward', 'linux', '--stdio', '80']);
  program.child.stdin.end('GET / HTTP/1.0\r\n\r\n');
  expect(await program.exit()).toBe(0);
  expect(program.stdout.toString()).toMatch(/^HTTP\/1.1 200 OK/);
  expect(program.stdout.toString()).toMatch(/\nHello from a solovirt guest\.\n$/);
});

test('vnc --proxy-only: one viewer at the address that is printed', async () => {
  await using program = solovirt(['vnc', 'linux', '--proxy-only']);
  await program.said('127.0.0.1:');
  const { promise, resolve: greeted } = Promise.withResolvers<string>();
  const viewer = connect(Number(/127\.0\.0\.1:(\d+)/.exec(program.stdout.toString())?.[1]));
  viewer.on('error', () => {});
  viewer.once('data', (data) => greeted(data.toString()));
  expect(await within(promise, 'RFB')).toBe('RFB 003.008\n');
  viewer.end();
  expect(await program.exit()).toBe(0);
});

test('vnc: the viewer that is installed, told where', async () => {
  const bin = join(world.dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'remote-viewer'), '#!/bin/sh\necho "viewer $1"\nexit 3\n', {
    mode: 0o755,
  });
  const PATH = `${bin}:${ENV['PATH']}`;
  await using program = solovirt(['vnc', 'linux'], { PATH });
  expect(await program.exit()).toBe(3);
  expect(program.stdout.toString()).toMatch(/^viewer vnc:\/\/127\.0\.0\.1:\d+\n$/);
});

test('ssh runs the proxy command that it prints, and ends with ssh’s code', async () => {
  const bin = join(world.dir, 'ssh-bin');
  mkdirSync(bin);
  // Stands for ssh: does with its proxy command what ssh does, and sends a request for a page.
  writeFileSync(
    join(bin, 'ssh'),
    `#!/bin/sh\nproxy=\${2#ProxyCommand=}\nprintf 'GET / HTTP/1.0\\r\\n\\r\\n' | sh -c "exec $proxy"\nexit 7\n`,
    { mode: 0o755 },
  );
  const PATH = `${bin}:${ENV['PATH']}`;
  await using program = solovirt(['ssh', 'root@linux', '-p', '80'], { PATH });
  expect(await program.exit()).toBe(7);
  expect(program.stdout.toString()).toContain('Hello from a solovirt guest.');
});

test('console: when the guest ends, so does the command, with the reason', async () => {
  await using terminal = onTerminal('console linux');
  await terminal.said('to detach.');
  terminal.type('\rpoweroff\r');
  await terminal.said('linux: the VM has stopped.');
  await terminal.exit();
  expect(terminal.all).toContain('solovirt-guest: down');
  expect(terminal.all).toContain('code 0');
});
