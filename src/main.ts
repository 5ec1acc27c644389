#!/usr/bin/env node
/**
 * The program: reads arguments and environment, hands them on, turns the result into an exit code. The only file
 * that touches `process` for that.
 */
import { allCommands } from './all-commands.ts';
import type { CliContext } from './cli/context.ts';
import { runProgram } from './cli/program.ts';
import { terminalScreen } from './cli/screen.ts';
import { homeOrRoot } from './client/home.ts';
import { readVersion } from './version.ts';

const interrupt = new AbortController();

const context: CliContext = {
  // biome-ignore lint/style/noProcessEnv: the one place where the environment is read
  env: process.env,
  isRoot: process.geteuid?.() === 0,
  home: homeOrRoot(),
  version: readVersion(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  isTTY: process.stdout.isTTY,
  columns: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
  // Only when asked for: to look at stdin opens it.
  get screen() {
    return terminalScreen(process.stdin, process.stdout);
  },
  now: () => Date.now(),
  signal: interrupt.signal,
  ends: () => ({
    input: process.stdin,
    output: process.stdout,
    self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    onHangup: (listener) => {
      process.on('SIGHUP', listener);
      return () => process.off('SIGHUP', listener);
    },
  }),
};

const program = allCommands(context);
if (process.argv[2] !== 'daemon')
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
// A reader that has gone away (`| head`) is no fault of ours.
process.stdout.on('error', () => process.exit(0));
void main();

// A function, for the bundles of the package are CommonJS and cannot wait at the top level.
async function main(): Promise<void> {
  process.exitCode = await runProgram(program, process.argv.slice(2), context);
}
