/** One command over QEMU's second monitor. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const DEADLINE_MS = 3000;

/** Resolves to whether QEMU has answered that it was done; a QEMU that ends over it need not answer. */
export function command(path: string, execute: string, args: object = {}): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  const timer = setTimeout(() => socket.destroy(), DEADLINE_MS);
  const send = (message: object): void => void socket.write(`${JSON.stringify(message)}\n`);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
    resolve(false);
  });
  const lines = createInterface({ input: socket });
  // It repeats what the socket says.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const message = JSON.parse(line) as { readonly QMP?: object; readonly id?: string };
    if (message.QMP !== undefined) send({ execute: 'qmp_capabilities', id: 'hello' });
    else if (message.id === 'hello') send({ execute, arguments: args, id: 'deed' });
    else if (message.id === 'deed') {
      resolve(!line.includes('"error"'));
      socket.destroy();
    }
  });
  return promise;
}

const KEYS = { off: 'o', panic: 'p', reset: 'r', crash: 'c', deaf: 'd' } as const;

/** What the `witness` guest listens to. */
export function press(path: string, key: keyof typeof KEYS): Promise<boolean> {
  return command(path, 'send-key', { keys: [{ type: 'qcode', data: KEYS[key] }] });
}
