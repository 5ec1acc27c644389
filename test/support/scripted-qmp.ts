/**
 * A QMP peer on a real Unix socket that does what its script says: the monitor one never meets in a healthy QEMU.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';

export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}\r\n';

export interface Command {
  readonly execute: string;
  readonly arguments?: unknown;
  readonly id: number;
}

export interface ScriptedQmp extends AsyncDisposable {
  readonly path: string;
}

/** Called with `undefined` when a client has connected, then with each command that comes. */
export type QmpScript = (command: Command | undefined, socket: Socket) => void;

export async function scriptedQmp(script: QmpScript): Promise<ScriptedQmp> {
  const dir = await mkdtemp('/tmp/solovirt-qmp-');
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) script(JSON.parse(line) as Command, socket);
    });
    script(undefined, socket);
  });
  server.listen(`${dir}/qmp`);
  await once(server, 'listening');
  return {
    path: `${dir}/qmp`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
      await rm(dir, { recursive: true });
    },
  };
}

/** A peer that greets, agrees on capabilities, and leaves everything else to `script`. */
export function willing(script: (command: Command, socket: Socket) => void): QmpScript {
  return (command, socket) => {
    if (command === undefined) socket.write(GREETING);
    else if (command.execute === 'qmp_capabilities') answer(command, socket);
    else script(command, socket);
  };
}

export function answer(command: Command, socket: Socket, value: unknown = {}): void {
  socket.write(`${JSON.stringify({ return: value, id: command.id })}\r\n`);
}

export function eventLine(event: string, seconds = 1): string {
  return `${JSON.stringify({ event, timestamp: { seconds, microseconds: 0 } })}\r\n`;
}
