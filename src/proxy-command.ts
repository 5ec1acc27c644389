/**
 * `solovirt proxy`. Loaded with the client, so it loads what serves only when called; in the package that is in the
 * daemon's bundle, for the client's is read at every start.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { CliContext } from './cli/context.ts';
import { addTarget } from './cli/options.ts';
import { namespaceOf } from './cli/settings.ts';

import type { ProxyFlags } from './proxy/run.ts';

const DEFAULT_PORT = 8001;

export function addProxyCommand(program: Command, context: CliContext): void {
  addTarget(program.command('proxy'))
    .description(
      "serve the daemon's socket on a loopback TCP port, for kubectl, virtctl and others",
    )
    .option('--port <port>', 'port to listen on, 0 for any that is free', readPort, DEFAULT_PORT)
    .option('--address <ip>', 'address to listen on', '127.0.0.1')
    .option('--kubeconfig <file>', 'write a kubeconfig that leads here')
    .option('--read-only', 'look only: serve the read-only socket')
    .option('--path <path>', 'let this one path through and nothing else, such as /metrics')
    .option('--token-file <file>', 'keep the token in this file, which is made when missing')
    .option('--no-token', 'let through whoever reaches the port, over plain HTTP')
    .action(async (flags: ProxyFlags & { readonly socket?: string }, command: Command) => {
      const { socketPath } = await import('./client/socket-path.ts');
      const { runProxy } = await import('./proxy/run.ts');
      const socket = flags.socket ?? command.parent?.opts<{ socket?: string }>().socket;
      const target = { socketPath: socketPath(context, socket), namespace: namespaceOf(command) };
      await runProxy(context, target, flags);
    });
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}
