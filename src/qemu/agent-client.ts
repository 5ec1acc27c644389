/**
 * One connection to the agent in a guest. Everything that comes may be a lie, an attack or endless:
 *
 * - One command at a time, each with a deadline that includes its time in the queue, which is short.
 * - Answers carry no number, so before the first command, and after any that went wrong, the two are brought in step by
 *   `guest-sync-delimited`; what comes late is thereby told from what is asked now.
 * - What comes and answers nothing is counted: more than a little ends the connection.
 */
import { connect, type Socket } from 'node:net';
import type { Json, JsonObject } from '../core/model/json.ts';
import {
  AgentClosedError,
  AgentCommandError,
  type AgentError,
  AgentProtocolError,
  AgentTimeoutError,
} from './agent-error.ts';
import {
  type AgentFrame,
  commandLine,
  frameSplitter,
  MAX_MESSAGE_BYTES,
  parseAgentLine,
  syncRequest,
} from './agent-message.ts';

/** Bytes that may come between two answers beyond the answer itself. */
const MAX_CHATTER_BYTES = 64 * 1024;
/** Commands that may wait for their turn. */
const MAX_QUEUED = 16;

export interface AgentClientOptions {
  /** A number that was not used in this connection, up to 2^31; the guest may know it. */
  readonly nextSyncId: () => number;
  readonly onClose: (reason: Error) => void;
}

/** What the next frames are looked at for. */
interface Expectation {
  /** @returns true when the frame was what was waited for */
  readonly take: (frame: AgentFrame) => boolean;
  readonly reject: (error: Error) => void;
}

export class AgentClient {
  readonly #socket: Socket;
  readonly #options: AgentClientOptions;
  readonly #split = frameSplitter();
  #expected: Expectation | undefined;
  #inStep = false;
  #chatter = 0;
  #queued = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #reason: Error | undefined;

  constructor(path: string, options: AgentClientOptions) {
    this.#options = options;
    this.#socket = connect({ path });
    this.#socket.unref();
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('end', () => this.close(new AgentClosedError('QEMU closed the agent channel')));
    this.#socket.on('error', (error) => {
      this.#reason ??= new AgentClosedError(`the agent channel broke: ${error.message}`);
    });
    this.#socket.on('close', () => this.#finish());
  }

  /**
   * Runs a command and returns the agent's answer.
   * @param timeoutMs from now, time in the queue included
   * @throws AgentError
   */
  execute(command: string, args: JsonObject | undefined, timeoutMs: number): Promise<Json> {
    return this.#enqueue(command, timeoutMs, (deadline) => this.#run(command, args, deadline));
  }

  /**
   * Runs a command whose success the agent does not report (`success-response` of its schema). Resolves when the time is
   * over and nothing was said against it.
   * @param timeoutMs from now, time in the queue included
   * @throws AgentError
   */
  tell(command: string, args: JsonObject | undefined, timeoutMs: number): Promise<void> {
    return this.#enqueue(command, timeoutMs, async (deadline) => {
      if (!this.#inStep) await this.#sync(deadline);
      try {
        await this.#run(command, args, deadline);
      } catch (error) {
        if (!(error instanceof AgentTimeoutError)) throw error;
      }
    });
  }

  close(reason: Error = new AgentClosedError('the agent channel was closed')): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  /** @param run is given the deadline by `performance.now()` */
  #enqueue<T>(
    command: string,
    timeoutMs: number,
    run: (deadline: number) => Promise<T>,
  ): Promise<T> {
    if (this.#queued >= MAX_QUEUED)
      return Promise.reject(
        new AgentTimeoutError(`${command} was not sent: ${MAX_QUEUED} commands wait for the agent`),
      );
    this.#queued += 1;
    const deadline = performance.now() + timeoutMs;
    const result = this.#tail.then(() => run(deadline));
    this.#tail = result.then(
      () => this.#leave(),
      () => this.#leave(),
    );
    return result;
  }

  #leave(): void {
    this.#queued -= 1;
  }

  async #run(command: string, args: JsonObject | undefined, deadline: number): Promise<Json> {
    if (!this.#inStep) await this.#sync(deadline);
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    const take = (frame: AgentFrame): boolean => {
      if (frame.kind === 'delimiter') return false;
      const message = parseAgentLine(frame.text);
      switch (message.kind) {
        case 'return':
          resolve(message.value);
          return true;
        case 'error':
          reject(new AgentCommandError(command, message.words));
          return true;
        case 'garbage':
          this.#inStep = false;
          reject(new AgentProtocolError(`the answer to ${command} is none: ${message.why}`));
          return true;
      }
    };
    const bytes = commandLine(command, args);
    return await this.#exchange(command, bytes, { take, reject, promise, deadline });
  }

  /** The answer is the first line after a delimiter; whatever came before it answers something older. */
  async #sync(deadline: number): Promise<void> {
    const id = this.#options.nextSyncId();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let marked = false;
    const take = (frame: AgentFrame): boolean => {
      if (frame.kind === 'delimiter') {
        marked = true;
        return false;
      }
      const message = marked ? parseAgentLine(frame.text) : undefined;
      marked = false;
      if (message?.kind !== 'return' || message.value !== id) return false;
      this.#inStep = true;
      resolve();
      return true;
    };
    const bytes = syncRequest(id);
    await this.#exchange('guest-sync-delimited', bytes, { take, reject, promise, deadline });
  }

  async #exchange<T>(
    command: string,
    bytes: string | Buffer,
    wanted: Expectation & { readonly promise: Promise<T>; readonly deadline: number },
  ): Promise<T> {
    if (this.#reason !== undefined) throw this.#closed(command);
    const left = wanted.deadline - performance.now();
    const late = (): AgentError =>
      new AgentTimeoutError(`the guest agent did not answer ${command} in time`);
    if (left <= 0) throw late();
    const timer = setTimeout(() => wanted.reject(late()), left);
    this.#expected = wanted;
    try {
      this.#socket.write(bytes);
      return await wanted.promise;
    } catch (error) {
      if (error instanceof AgentTimeoutError) this.#fallBehind();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#expected = undefined;
    }
  }

  /** Nobody reads at the other end, or slowly: what was not sent yet must not pile up. */
  #fallBehind(): void {
    this.#inStep = false;
    if (this.#socket.writableLength > MAX_CHATTER_BYTES)
      this.close(new AgentTimeoutError('the guest agent reads nothing'));
  }

  #receive(chunk: Buffer): void {
    this.#chatter += chunk.length;
    try {
      for (const frame of this.#split(chunk)) this.#take(frame);
      if (this.#chatter > MAX_MESSAGE_BYTES + MAX_CHATTER_BYTES)
        throw new AgentProtocolError('it says much that answers nothing');
      // Nothing that long is on its way when nothing was asked.
      if (this.#expected === undefined && this.#chatter > MAX_CHATTER_BYTES)
        throw new AgentProtocolError('it talks without being asked');
    } catch (error) {
      this.close(error instanceof Error ? error : new AgentProtocolError(String(error)));
    }
  }

  #take(frame: AgentFrame): void {
    if (this.#expected === undefined) {
      // A late answer, or something of the guest's own making: the next command must not take it for its own.
      this.#inStep = false;
      return;
    }
    if (!this.#expected.take(frame)) return;
    this.#expected = undefined;
    this.#chatter = 0;
  }

  #closed(command: string): AgentError {
    return new AgentClosedError(`${command}: ${this.#reason?.message ?? 'the agent went away'}`, {
      cause: this.#reason,
    });
  }

  #finish(): void {
    this.#reason ??= new AgentClosedError('the agent channel ended');
    this.#expected?.reject(
      this.#reason instanceof AgentProtocolError ? this.#reason : this.#closed('no answer'),
    );
    this.#options.onClose(this.#reason);
  }
}
