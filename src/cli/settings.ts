/**
 * From parsed options to what a verb needs: the client and the namespace. Options given before the verb
 * count as well; those after it win.
 */
import type { Command } from 'commander';
import type { Client, NamespaceScope } from '../client/client.ts';
import { readonlySocketBeside } from '../core/paths.ts';
import type { CliContext } from './context.ts';
import { type ColorChoice, type Display, paintFor } from './format/paint.ts';
import { DEFAULT_NAMESPACE, parseNamespace } from './names.ts';

interface TargetOptions {
  readonly socket?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

function targetOptions(command: Command): TargetOptions {
  return { ...command.parent?.opts<TargetOptions>(), ...command.opts<TargetOptions>() };
}

/** The client for the socket that was asked for; nothing is connected yet. */
export async function clientOf(command: Command, context: CliContext): Promise<Client> {
  const [{ createClient }, { socketPath }] = await Promise.all([
    import('../client/client.ts'),
    import('../client/socket-path.ts'),
  ]);
  const { socket } = targetOptions(command);
  const path = socketPath(context, socket);
  // Who names a socket means that one.
  return createClient(context, path, socket === undefined ? readonlySocketBeside(path) : undefined);
}

/** The path of that socket, for what the client does not do. */
export async function socketOf(command: Command, context: CliContext): Promise<string> {
  const { socketPath } = await import('../client/socket-path.ts');
  return socketPath(context, targetOptions(command).socket);
}

/** How the verb's output may look. */
export function displayOf(command: Command, context: CliContext): Display {
  const { color = 'auto' } = command.opts<{ readonly color?: ColorChoice }>();
  return {
    paint: paintFor(color, context),
    get columns() {
      return context.columns?.();
    },
  };
}

/** What `-n` says, wherever it stands; undefined when it was not given. */
export function givenNamespace(command: Command): string | undefined {
  return targetOptions(command).namespace;
}

export function namespaceOf(command: Command): string {
  return parseNamespace(targetOptions(command).namespace ?? DEFAULT_NAMESPACE);
}

/** Undefined for `-A`. */
export function scopeOf(command: Command): NamespaceScope {
  return targetOptions(command).allNamespaces ? undefined : namespaceOf(command);
}
