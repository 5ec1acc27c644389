/** `solovirt vnc`: a port of this host for one viewer, and the viewer. */
import type { Socket } from 'node:net';
import { vncPath } from '../../api/contract-lines.ts';
import { type ClientLine, lineFailure } from '../../client/line.ts';
import { CliError, ProgramEndedError } from '../errors.ts';
import { enter, type GuestTarget } from '../guest-target.ts';
import { join, listenTcp } from '../loopback.ts';
import { displayName } from '../names.ts';
import { findProgram, runAttached } from '../run-program.ts';

export interface VncFlags {
  readonly proxyOnly?: true;
  readonly port?: number;
  readonly preserveSession?: true;
}

/** Each with how it is told the address. */
const VIEWERS: readonly {
  readonly program: string;
  readonly args: (port: number) => readonly string[];
}[] = [
  { program: 'remote-viewer', args: (port) => [`vnc://127.0.0.1:${port}`] },
  { program: 'vncviewer', args: (port) => [`127.0.0.1::${port}`] },
];

export async function vnc(target: GuestTarget, flags: VncFlags): Promise<void> {
  const { context, vm } = target;
  const name = displayName(vm);
  // Opened before anybody is told where to connect: whoever cannot get in is told at once.
  const line = await enter(target, vncPath(vm.namespace, vm.name, flags.preserveSession === true));
  const viewer = Promise.withResolvers<Socket>();
  let taken = false;
  const listening = await listenTcp('127.0.0.1', flags.port ?? 0, (socket) => {
    if (taken) socket.destroy();
    else viewer.resolve(socket);
    taken = true;
  }).catch((error: unknown) => {
    line.stream.destroy();
    throw error;
  });
  context.signal.addEventListener('abort', () => line.stream.end(), { once: true });
  const program = flags.proxyOnly ? undefined : startViewer(target, listening.port);
  if (program === undefined) {
    context.stderr.write(`The display of ${name} is at this address, for one viewer:\n`);
    context.stdout.write(`${listening.at}\n`);
    if (!flags.proxyOnly)
      context.stderr.write(
        `No viewer is installed (remote-viewer of virt-viewer, or vncviewer). Connect one to vnc://${listening.at}.\n`,
      );
  }
  try {
    const first = await Promise.race([
      viewer.promise,
      line.ended.then(() => 'ended' as const),
      ...(program === undefined ? [] : [program]),
    ]);
    if (typeof first === 'object') await watch(first, line);
    else if (first === 'ended') await fail(line);
    else if (first !== 0) throw new ProgramEndedError(first);
    // The viewer may stay to say how it ended.
    const code = await program;
    if (code !== undefined && code !== 0) throw new ProgramEndedError(code);
  } finally {
    line.stream.destroy();
    await listening[Symbol.asyncDispose]();
  }
}

/** Closing the viewer is how one leaves. @throws when the session was ended otherwise */
async function watch(socket: Socket, line: ClientLine): Promise<void> {
  let left = false;
  socket.on('end', () => {
    left = true;
  });
  await join(socket, line.stream, 0);
  socket.destroy();
  if (!left) await fail(line);
}

async function fail(line: ClientLine): Promise<void> {
  const failure = lineFailure(await line.ended);
  if (failure !== undefined) throw failure;
}

/** @returns its exit code to come; undefined when no viewer is installed */
function startViewer({ context }: GuestTarget, port: number): Promise<number> | undefined {
  for (const { program, args } of VIEWERS) {
    const path = findProgram(program, context.env);
    if (path === undefined) continue;
    return runAttached(path, args(port)).catch((cause: unknown) => {
      throw new CliError(`${program} could not be started`, { cause });
    });
  }
  return undefined;
}
