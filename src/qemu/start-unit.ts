/**
 * `systemctl start`, without a process for it: asks the service manager over the system bus, and waits for the job. A fork of
 * the daemon, and a program that looks for its libraries, are a good part of what a start costs. A connection for each start,
 * as systemctl has it: one that was kept would hear of every job on the host.
 */
import { connect, type Socket } from 'node:net';
import { errorMessage } from '../core/thrown.ts';
import { type BusCall, type BusMessage, encodeCall, takeMessages } from './bus-message.ts';

/** What the service manager said, or why nobody could be asked. */
export class StartUnitError extends Error {
  override readonly name = 'StartUnitError';
}

const BUS = '/run/dbus/system_bus_socket';
const BUS_NAME = 'org.freedesktop.DBus';
const MANAGER = {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
} as const;
const JOB_REMOVED = [
  "type='signal'",
  `sender='${MANAGER.destination}'`,
  `path='${MANAGER.path}'`,
  `interface='${MANAGER.interface}'`,
  "member='JobRemoved'",
].join(',');

/** Results of jobs (org.freedesktop.systemd1(5)) that say more than their names. */
const RESULTS: Readonly<Record<string, string>> = {
  canceled: 'its job was canceled',
  timeout: 'its job timed out',
  failed: 'its job failed',
  dependency: 'the job of a unit that it needs failed',
};

export interface StartUnitOptions {
  readonly timeoutMs: number;
  /** Path of the bus, or of what a test puts in its place. */
  readonly bus?: string;
}

/** Resolves when the start job has ended well, or the unit had been started before. @throws StartUnitError */
export async function startUnit(
  unit: string,
  { timeoutMs, bus = BUS }: StartUnitOptions,
): Promise<void> {
  const socket = connect(bus);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs);
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the system bus has hung up')));
  try {
    converse(socket, unit, resolve, reject);
    const result = await promise;
    if (result !== 'done') {
      const words = RESULTS[result] ?? `its job ended as ${result}`;
      throw new Error(`${words}; see journalctl -u ${unit}`);
    }
  } catch (cause) {
    throw new StartUnitError(`${unit} could not be started: ${errorMessage(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Everything is said at once: the bus takes it in turn. */
function converse(
  socket: Socket,
  unit: string,
  done: (result: string) => void,
  failed: (error: unknown) => void,
): void {
  const bus = { destination: BUS_NAME, path: '/org/freedesktop/DBus', interface: BUS_NAME };
  const calls: readonly BusCall[] = [
    { ...bus, member: 'Hello', args: [] },
    { ...bus, member: 'AddMatch', args: [JOB_REMOVED] },
    { ...MANAGER, member: 'StartUnit', args: [unit, 'replace'] },
  ];
  const uid = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
  socket.write(
    Buffer.concat([
      Buffer.from(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`),
      ...calls.map((call, index) => encodeCall(call, index + 1)),
    ]),
  );
  let job: string | number | undefined;
  const take = ({ kind, replyTo, member, args }: BusMessage): void => {
    if (kind === 'error') failed(new Error(String(args[0] ?? 'it was refused')));
    else if (kind === 'return' && replyTo === calls.length) job = args[0];
    else if (kind === 'signal' && member === 'JobRemoved' && job !== undefined && args[1] === job)
      done(String(args[3]));
  };
  let rest: Buffer = Buffer.alloc(0);
  let known = false;
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    try {
      if (!known) {
        const end = rest.indexOf('\r\n');
        if (end < 0) return;
        const answer = rest.toString('latin1', 0, end);
        if (!answer.startsWith('OK ')) throw new Error(`the system bus said ${answer}`);
        known = true;
        rest = rest.subarray(end + 2);
      }
      const taken = takeMessages(rest);
      rest = taken.rest;
      taken.messages.forEach(take);
    } catch (error) {
      failed(error);
    }
  });
}
