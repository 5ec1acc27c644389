/**
 * One session with one QEMU monitor over its Unix socket: greeting, capabilities, commands, events, end.
 *
 * - A session is either refused by `connect` or ends with exactly one `onClose`; never both, never neither.
 * - Events are handed over synchronously in QEMU's order, also those that come before `connect` returns.
 * - Every wait has a deadline, and the end of the connection rejects whoever still waits.
 * - The answer to `quit` may get lost in QEMU's own end: QmpClosedError is normal there.
 */
import { connect, type Socket } from 'node:net';
import type { QmpEvent } from '../core/model/evidence.ts';
import type { Json, JsonObject } from '../core/model/json.ts';
import {
  QmpBusyError,
  QmpClosedError,
  QmpCommandError,
  QmpConnectError,
  QmpProtocolError,
  QmpTimeoutError,
} from './qmp-error.ts';
import { lineSplitter } from './qmp-lines.ts';
import {
  formatQmpCommand,
  parseQmpLine,
  type QmpGreeting,
  type QmpMessage,
} from './qmp-message.ts';

export interface QmpConnectOptions {
  /** QEMU greets at once unless another client holds the monitor or its main loop hangs. Default 2000. */
  readonly greetingTimeoutMs?: number;
  /** Gives up the attempt to connect; without effect on an established session. */
  readonly signal?: AbortSignal;
  readonly onEvent: (event: QmpEvent) => void;
  /** `undefined`: we closed it. An error: QEMU or the connection ended, or QEMU sent garbage. */
  readonly onClose: (reason: Error | undefined) => void;
}

export interface QmpExecuteOptions {
  /** Default 5000. */
  readonly timeoutMs?: number;
}

interface Waiter {
  readonly command: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (value: Json) => void;
  readonly reject: (error: Error) => void;
}

/** A peer that leaves this much unread is hung; more commands would only use memory. */
const MAX_UNSENT_BYTES = 256 * 1024;

export class QmpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #options: QmpConnectOptions;
  readonly #split = lineSplitter();
  readonly #waiters = new Map<number, Waiter>();
  readonly #greeted = Promise.withResolvers<QmpGreeting>();
  readonly #ended = Promise.withResolvers<void>();
  #state: 'greeting' | 'negotiating' | 'ready' | 'closed' = 'greeting';
  #greeting: QmpGreeting | undefined;
  #nextId = 1;
  /** Why the connection ends; whatever comes first explains it. */
  #reason: Error | undefined;
  #closedByUs = false;

  private constructor(socket: Socket, options: QmpConnectOptions) {
    this.#socket = socket;
    this.#options = options;
    // Nobody may be waiting for the greeting any more when the connection ends.
    this.#greeted.promise.catch(() => {});
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A half-open connection is of no use: without this, unsent bytes would keep it alive.
    socket.on('end', () => this.#abandon(new QmpClosedError('QEMU closed the QMP connection')));
    socket.on('error', (error) => {
      this.#reason ??= new QmpClosedError(`the QMP connection broke: ${error.message}`, {
        cause: error,
      });
    });
    socket.on('close', () => this.#finish());
  }

  /**
   * Connects, waits for the greeting and leaves capabilities negotiation behind.
   * Throws QmpConnectError, QmpBusyError (no greeting in time), QmpClosedError, QmpProtocolError,
   * QmpTimeoutError (no answer to `qmp_capabilities`), or the signal's reason.
   */
  static async connect(path: string, options: QmpConnectOptions): Promise<QmpClient> {
    const { signal } = options;
    signal?.throwIfAborted();
    const client = new QmpClient(await openSocket(path, signal), options);
    const giveUp = (): void => client.#abandon(new QmpClosedError('given up'));
    signal?.addEventListener('abort', giveUp);
    try {
      signal?.throwIfAborted();
      await client.#negotiate(path);
      return client;
    } catch (error) {
      await client.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  get greeting(): QmpGreeting {
    if (this.#greeting === undefined)
      throw new Error('a QMP client is handed out after its greeting');
    return this.#greeting;
  }

  /**
   * Runs one command and returns QEMU's answer. Wait for it before closing: QEMU drops what it has not
   * read yet. Rejects with QmpCommandError, QmpTimeoutError, QmpClosedError or QmpBusyError.
   */
  execute(command: string, args?: JsonObject, options: QmpExecuteOptions = {}): Promise<Json> {
    const { timeoutMs = 5000 } = options;
    if (this.#state === 'closed' || this.#socket.destroyed)
      return Promise.reject(
        new QmpClosedError(`cannot run ${command}: the QMP connection is closed`, {
          cause: this.#reason,
        }),
      );
    if (this.#socket.writableLength > MAX_UNSENT_BYTES)
      return Promise.reject(
        new QmpBusyError(`cannot run ${command}: QEMU has not read the commands before it`),
      );
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    const timer = setTimeout(() => {
      this.#waiters.delete(id);
      reject(new QmpTimeoutError(`QEMU did not answer ${command} within ${timeoutMs} ms`));
    }, timeoutMs);
    this.#waiters.set(id, { command, timer, resolve, reject });
    this.#socket.write(formatQmpCommand(id, command, args));
    return promise;
  }

  /** Ends the session; commands without an answer are rejected. Returns once the socket is closed. */
  close(): Promise<void> {
    if (this.#state !== 'closed' && this.#reason === undefined) this.#closedByUs = true;
    this.#socket.destroy();
    return this.#ended.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #negotiate(path: string): Promise<void> {
    const { greetingTimeoutMs = 2000 } = this.#options;
    const timer = setTimeout(() => {
      this.#greeted.reject(
        new QmpBusyError(
          `${path} accepted a connection but sent no greeting within ${greetingTimeoutMs} ms: another client holds it, or QEMU hangs`,
        ),
      );
    }, greetingTimeoutMs);
    try {
      this.#greeting = await this.#greeted.promise;
    } finally {
      clearTimeout(timer);
    }
    await this.execute('qmp_capabilities');
    if (this.#socket.destroyed)
      throw this.#reason ?? new QmpClosedError('the QMP connection ended during negotiation');
    this.#state = 'ready';
  }

  #receive(chunk: Buffer): void {
    let lines: string[];
    try {
      lines = this.#split(chunk);
    } catch (error) {
      this.#abandon(error instanceof Error ? error : new QmpProtocolError(String(error)));
      return;
    }
    for (const line of lines) {
      // A handler may have closed the session.
      if (this.#socket.destroyed) return;
      this.#handle(parseQmpLine(line));
    }
  }

  #handle(message: QmpMessage): void {
    if (this.#state === 'greeting' && message.kind !== 'greeting') {
      this.#abandon(
        new QmpProtocolError(`expected QEMU's greeting, got a message of kind ${message.kind}`),
      );
      return;
    }
    switch (message.kind) {
      case 'greeting':
        if (this.#state === 'greeting') this.#state = 'negotiating';
        this.#greeted.resolve(message.greeting);
        return;
      case 'event':
        this.#options.onEvent(message.event);
        return;
      case 'return':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'error': {
        const waiter = this.#take(message.id);
        waiter?.reject(new QmpCommandError(waiter.command, message.errorClass, message.desc));
        return;
      }
      case 'garbage':
        this.#abandon(new QmpProtocolError(`QEMU sent something that is not QMP: ${message.text}`));
        return;
      case 'unknown':
        return;
    }
  }

  /** The one who waits for this answer; nobody when it came too late. */
  #take(id: Json | undefined): Waiter | undefined {
    if (typeof id !== 'number') return undefined;
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return undefined;
    clearTimeout(waiter.timer);
    this.#waiters.delete(id);
    return waiter;
  }

  #abandon(reason: Error): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #finish(): void {
    const wasReady = this.#state === 'ready';
    this.#state = 'closed';
    const reason =
      this.#reason ??
      new QmpClosedError(
        this.#closedByUs ? 'the QMP session was closed' : 'the QMP connection ended',
      );
    this.#greeted.reject(reason);
    for (const { command, timer, reject } of this.#waiters.values()) {
      clearTimeout(timer);
      reject(
        new QmpClosedError(`the QMP connection ended before QEMU answered ${command}`, {
          cause: reason,
        }),
      );
    }
    this.#waiters.clear();
    this.#ended.resolve();
    if (wasReady) this.#options.onClose(this.#closedByUs ? undefined : reason);
  }
}

function openSocket(path: string, signal: AbortSignal | undefined): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ path });
  const giveUp = (): void => {
    socket.destroy();
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', giveUp);
  const settle = (): void => signal?.removeEventListener('abort', giveUp);
  // Stays for good: an 'error' without a listener would end the daemon.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    settle();
    // connect(2): EAGAIN on a Unix socket means that the listener's queue is full.
    const ErrorClass = error.code === 'EAGAIN' ? QmpBusyError : QmpConnectError;
    reject(new ErrorClass(`cannot connect to QMP at ${path}: ${error.message}`, { cause: error }));
  });
  socket.once('connect', () => {
    settle();
    resolve(socket);
  });
  return promise;
}
