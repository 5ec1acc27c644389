#!/usr/bin/env node
/**
 * The program: reads arguments and environment, hands them on, turns the result into an exit code. The only file
 * that touches `process` for that.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { CliContext } from './cli/context.ts';
import { buildProgram, runProgram } from './cli/program.ts';
import { addDaemonCommand } from './daemon-command.ts';

const interrupt = new AbortController();

const context: CliContext = {
  // biome-ignore lint/style/noProcessEnv: the one place where the environment is read
  env: process.env,
  isRoot: process.geteuid?.() === 0,
  home: homedir(),
  version: readVersion(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  isTTY: process.stdout.isTTY,
  now: () => Date.now(),
  signal: interrupt.signal,
};

const program = buildProgram(context);
addDaemonCommand(program, context);
if (process.argv[2] !== 'daemon')
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
// A reader that has gone away (`| head`) is no fault of ours.
process.stdout.on('error', () => process.exit(0));
process.exitCode = await runProgram(program, process.argv.slice(2), context);

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
